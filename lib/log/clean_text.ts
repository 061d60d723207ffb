/**
 * Bytes of a log line as text in which nothing ends a message, starts another,
 * or moves a terminal's cursor. What would is told by `?`.
 *
 * @module
 */
import { fromBytes, toBytes } from "../base/bytes.ts";

/** Printable ASCII; any other byte is a `?`. */
export function asciiText(bytes: Uint8Array): string {
  return fromBytes(bytes).replace(/[^\x20-\x7e]/g, "?");
}

/** A character beyond ASCII as bytes (Unicode, table 3-7), or any one byte. */
const characterOrByte = new RegExp(
  "(" + [
    "[\\xc2-\\xdf][\\x80-\\xbf]",
    "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
    "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}",
    "\\xed[\\x80-\\x9f][\\x80-\\xbf]",
    "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
    "[\\xf1-\\xf3][\\x80-\\xbf]{3}",
    "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}",
  ].join("|") + ")|[^\\x20-\\x7e]",
  "g",
);

/** Control characters, ends of lines, and what turns the order of letters. */
const unseen = /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** A mark at its start is a part of a line. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Printable UTF-8; any other byte, or character, is a `?`. */
export function utf8Text(bytes: Uint8Array): string {
  const text = fromBytes(bytes);
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const kept = text.replace(
    characterOrByte,
    (_, character?: string) => character ?? "?",
  );
  return decoder.decode(toBytes(kept)).replace(unseen, "?");
}

/** How many bytes at an end are the beginning of a UTF-8 character, no more. */
export function partialUtf8(bytes: Uint8Array): number {
  for (let count = 1; count <= Math.min(3, bytes.length); count++) {
    const byte = bytes[bytes.length - count];
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return bytesOf(byte) > count ? count : 0;
  }
  return 0;
}

/** How long a character is that starts so; 1 if none does. */
function bytesOf(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
