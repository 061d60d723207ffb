import { assertEquals, assertThrows } from "@std/assert";
import { withoutServe } from "../../cmd/without_serve.ts";
import { UsageError } from "../../lib/cli/scan.ts";

Deno.test("a line of serve's may be pasted with its name", () => {
  const line = ["-v", "0", "smtp", "smtpd"];
  const cases: [words: string[], operands: number, rest: string[] | null][] = [
    [["serve", ...line], 5, line],
    [["postern", "serve", ...line], 6, line],
    [["/opt/bin/postern", "serve", ...line], 6, line],
    [["--name", "x", "serve", ...line], 5, ["--name", "x", ...line]],
    [line, 3, null],
    [["postern", "smtp", "smtpd"], 3, null],
    [["0", "smtp", "postern", "serve"], 4, null],
    [[], 0, null],
  ];
  for (const [words, count, rest] of cases) {
    const operands = words.slice(words.length - count);
    assertEquals(withoutServe(words, operands), rest, words.join(" "));
  }
  const classic = ["tcpserver", ...line];
  assertThrows(() => withoutServe(classic, classic), UsageError, "migrate");
});
