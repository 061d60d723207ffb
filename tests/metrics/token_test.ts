/** The token's file: its first line, long enough, and said so if not. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Fatal } from "../../lib/base/fatal.ts";
import { readToken } from "../../lib/metrics/token.ts";
import { inFolder } from "../support/peers.ts";

Deno.test("a token is the first line of its file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/token`;
    for (
      const text of [
        "0123456789abcdef",
        "0123456789abcdef\n",
        "0123456789abcdef\r\n",
        " 0123456789abcdef \nsecond line\n",
      ]
    ) {
      await Deno.writeTextFile(path, text);
      assertEquals(readToken(path), "0123456789abcdef");
    }
  }));

/** Of the complaint, which names the file. */
function exitCodeOf(path: string): number {
  const error = assertThrows(() => readToken(path), Fatal) as Fatal;
  assert(error.message.includes(path), error.message);
  return error.exitCode;
}

Deno.test("one that is short, empty or no word is none", () =>
  inFolder(async (folder) => {
    const path = `${folder}/token`;
    for (
      const text of [
        "",
        "\n0123456789abcdef\n",
        "0123456789abcde\n",
        "0123456 89abcdef0\n",
        "0123456789abcdef\u00e9\n",
      ]
    ) {
      await Deno.writeTextFile(path, text);
      assertEquals(exitCodeOf(path), 100, text);
    }
    assertEquals(exitCodeOf(`${folder}/none`), 111);
  }));
