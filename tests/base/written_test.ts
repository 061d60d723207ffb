import { assertEquals } from "@std/assert";
import { shown, trimmed, writtenLines } from "../../lib/base/written.ts";

Deno.test("writtenLines() loses what editors leave at the ends of lines", () => {
  assertEquals(
    writtenLines("\xef\xbb\xbf a b\t\r\n\r\n\t\xef\xbb\xbfc \r\r\n"),
    ["a b", "", "c", ""],
  );
  // Bytes of UTF-8 that would be blanks of Latin-1.
  assertEquals(trimmed(" \xa0\x85\xef\xbb\xbf "), "\xa0\x85\xef\xbb\xbf");
});

Deno.test("shown() is one short line", () => {
  assertEquals(shown('a\n\xe4"'), '"a??""');
  assertEquals(shown("x".repeat(61)), `"${"x".repeat(60)}..."`);
  assertEquals(shown("x".repeat(60)), `"${"x".repeat(60)}"`);
});
