import { assert, assertEquals, assertMatch } from "@std/assert";
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

Deno.test("UTF-8 is kept, and no character is torn between two pieces", () => {
  fc.assert(
    fc.property(fc.nat(4), fc.nat(50), (start, size) => {
      const line = "-".repeat(start) + "é文\u{1f4e7}".repeat(500);
      const whole = new TextEncoder().encode(line + "\n");
      const lines = new LogLines(() => 0, "utf8");
      const pieces = [];
      for (let at = 0; at < whole.length; at += size + 1) {
        pieces.push(...lines.feed(whole.subarray(at, at + size + 1)));
      }
      const texts = pieces.map(({ text }) => text.slice("0.000000 ".length));
      assertEquals(texts.join(""), line);
      for (const text of texts.slice(0, -1)) {
        const { length } = new TextEncoder().encode(text);
        assert(length > 795 && length <= 799, `${length} bytes`);
      }
      assertEquals(
        pieces.map(({ isLater }) => isLater),
        pieces.map((_, i) => i > 0),
      );
    }),
    { numRuns: 50 },
  );
});

Deno.test("a message in UTF-8 has no byte order mark, and no controls", () => {
  const lines = new LogLines(() => 0, "utf8");
  const [message] = lines.feed(
    new TextEncoder().encode("alert: é\x1b[2J \x9b\n"),
  );
  assertEquals(
    rfc5424(message, 2, "t", "host", 42),
    "<17>1 1970-01-01T00:00:00.000Z host t 42 - - 0.000000 alert: é?[2J ?",
  );
});

Deno.test("the stamp has each microsecond of its clock", () => {
  for (const micros of [0, 1, 375_978, 375_979, 999_999]) {
    const lines = new LogLines(() => 1795507938_000 + micros / 1000);
    const [{ text }] = lines.feed(bytes("x\n"));
    assertEquals(text, `1795507938.${String(micros).padStart(6, "0")} x`);
  }
});
