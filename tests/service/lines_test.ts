/**
 * A line of ours in a file that is others' too.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  endOf,
  hasLine,
  withLine,
  withoutLine,
} from "../../lib/service/lines.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("withLine() and withoutLine() leave every file as it was", () => {
  for (const before of ["", "\n", "a", "a\n", "a\n\n", "ä\nb"]) {
    const file = bytes(before);
    const after = withLine(file, "ours ü");
    assertEquals(text(after).endsWith("\nours ü\n") || before === "", true);
    assertEquals(hasLine(after, "ours ü"), true);
    assertEquals(text(withoutLine(after, "ours ü", endOf(file))), before);
  }
});

Deno.test("withoutLine() finds a line that others have written behind", () => {
  const file = bytes("a\nours\nb\n");
  assertEquals(text(withoutLine(file, "ours", "")), "a\nb\n");
  assertEquals(withoutLine(file, "gone", ""), file);
});
