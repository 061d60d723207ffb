import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { LogLines, rfc3164, rfc5424 } from "../../lib/log/syslog.ts";

const bytes = (text: string) =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

function messages(...chunks: string[]) {
  let now = 1795507938375.978;
  const lines = new LogLines(() => now++);
  return [
    ...chunks.flatMap((chunk) => lines.feed(bytes(chunk))),
    ...lines.end(),
  ];
}

const stamp = "1795507938.375978";

Deno.test("lines become messages with a stamp and a severity", () => {
  assertEquals(
    messages("hello\nwarning: w\nalert: a\n\n").map((message) =>
      `${message.severity} ${message.text}`
    ),
    [
      `6 ${stamp} hello`,
      `4 ${
        stamp.replace("8.37", "8.37").replace("375978", "376978")
      } warning: w`,
      `1 ${stamp.replace("375978", "377978")} alert: a`,
    ],
  );
});

Deno.test("a long line goes in pieces with one stamp and one severity", () => {
  const all = messages("warning: " + "x".repeat(1991) + "\nnext\n");
  assertEquals(
    all.map(({ severity, text }) => [severity, text.slice(0, 19), text.length]),
    [
      [4, `${stamp} w`, 18 + 799],
      [4, `${stamp}+x`, 18 + 799],
      [4, `${stamp}+x`, 18 + 402],
      [6, "1795507938.376978 n", 18 + 4],
    ],
  );
  assertEquals(messages("x".repeat(799) + "\n").length, 1);
});

Deno.test("nothing but printable ASCII comes out, however it was cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(50), (all, size) => {
      const cut = new LogLines(() => 0), whole = new LogLines(() => 0);
      const pieces = [];
      for (let at = 0; at < all.length; at += size + 1) {
        pieces.push(...cut.feed(all.subarray(at, at + size + 1)));
      }
      pieces.push(...cut.end());
      assertEquals(pieces, [...whole.feed(all), ...whole.end()]);
      for (const { text } of pieces) assertMatch(text, /^[\x20-\x7e]*$/);
    }),
  );
});

Deno.test("both formats", () => {
  const [message] = messages("warning: hello\n");
  assertMatch(
    rfc3164(message, 3, "smtpd"),
    /^<28>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d smtpd: 1795507938\.375978 warning: hello$/,
  );
  assertEquals(
    rfc5424(message, 3, "smtpd", "host", 42),
    `<28>1 2026-11-24T08:12:18.375Z host smtpd 42 - - ${stamp} warning: hello`,
  );
});
