import { assertEquals } from "@std/assert";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { DataText } from "../../lib/smtp_client/text.ts";

const texts: [text: string, sent: string][] = [
  ["", ".\r\n"],
  ["a\n", "a\r\n.\r\n"],
  ["a", "a\r\n.\r\n"],
  [".\n", "..\r\n.\r\n"],
  ["a\n.\nb\n..\n", "a\r\n..\r\nb\r\n...\r\n.\r\n"],
  ["a.b\n", "a.b\r\n.\r\n"],
  // A server may take a bare CR for the end of a line: so do we.
  ["a\r.\rb\n", "a\r\n..\r\nb\r\n.\r\n"],
  ["a\r\n.\r\n", "a\r\n..\r\n.\r\n"],
  ["\r\r\n", "\r\n\r\n.\r\n"],
];

Deno.test("text is stuffed, and ends lines with CRLF, in whatever pieces", () => {
  for (const [text, sent] of texts) {
    for (let size = 1; size <= text.length + 1; size++) {
      const encoder = new DataText();
      let found = "";
      for (let at = 0; at < text.length; at += size) {
        found += fromBytes(encoder.encode(toBytes(text.slice(at, at + size))));
      }
      assertEquals(found + encoder.end(), sent, JSON.stringify(text));
    }
  }
});
