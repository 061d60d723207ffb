import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { asciiText, partialUtf8, utf8Text } from "../../lib/log/clean_text.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("asciiText() has a ? for each byte that is none", () => {
  assertEquals(asciiText(encode("a~ é\t\x7f")), "a~ ????");
});

Deno.test("utf8Text() keeps what can be seen, and nothing else", () => {
  for (
    const [bytes, text] of [
      [encode("déjà vu, 文字, \u{1f4e7}, \ufffd, \ufeffx"), null],
      [encode("a\tb\x1b[2Jc\x7f\0"), "a?b?[2Jc??"],
      // Control characters of two bytes, ends of lines, turned letters.
      [encode("a\x9b2J\x85b\u2028c\u202ed\u2066"), "a?2J?b?c?d?"],
      // Latin-1, an end too early, surrogates, too long, past the end.
      [[0xe9, 0x20, 0xe2, 0x82], "? ??"],
      [[0xed, 0xa0, 0x80, 0xc0, 0x8a, 0xf4, 0x90, 0x80, 0x80], "?????????"],
      [[0xe0, 0x80, 0x8a, 0xf5, 0xff], "?????"],
    ] as const
  ) {
    const whole = Uint8Array.from(bytes);
    const expected = text ?? new TextDecoder().decode(whole);
    assertEquals(utf8Text(whole), expected);
  }
});

Deno.test("utf8Text() gives neither controls nor what is no UTF-8", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const text = utf8Text(bytes);
      assertEquals(text.isWellFormed(), true);
      assertEquals(/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), false);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("partialUtf8() counts the bytes of a character that is cut", () => {
  for (const [character, bytes] of [["é", 2], ["€", 3], ["\u{1f4e7}", 4]]) {
    const all = encode(`a${character}`);
    for (let had = 1; had < Number(bytes); had++) {
      assertEquals(partialUtf8(all.subarray(0, 1 + had)), had);
    }
    assertEquals(partialUtf8(all), 0);
  }
  for (const none of [[], [0x80], [0x61, 0x80, 0x80, 0x80, 0x80], [0xff]]) {
    assertEquals(partialUtf8(Uint8Array.from(none)), 0);
  }
});
