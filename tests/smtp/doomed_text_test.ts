import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { DoomedText } from "../../lib/smtp/doomed_text.ts";

const end = "\r\n.\r\n";

Deno.test("DoomedText ends at CRLF.CRLF, wherever its input is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("\r", "\n", ".", "x", "\0", end), {
        maxLength: 15,
      }),
      fc.constantFrom("\r", "\n", "x"),
      fc.integer({ min: 1, max: 7 }),
      (parts, last, size) => {
        const input = parts.join("");
        const text = new DoomedText("554\r\n", last.charCodeAt(0), Infinity);
        let at = 0, isOver = false;
        for (; at < input.length && !isOver; at += size) {
          isOver = text.read(toBytes(input.slice(at, at + size)), 0);
        }
        const found = (last + input).indexOf(end, last === "\r" ? 0 : 1);
        assertEquals(isOver, found !== -1, JSON.stringify(last + input));
      },
    ),
    { numRuns: 5000 },
  );
});

Deno.test("DoomedText reads no more than it is to", () => {
  const text = new DoomedText("554\r\n", 0x78, 10);
  assertEquals(text.read(toBytes("123456789"), 0), false);
  assertEquals(text.read(toBytes("0"), 0), true);
  assertEquals(fromBytes(toBytes(text.reply)), "554\r\n");
});
