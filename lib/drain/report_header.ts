/**
 * The header of a message, as a report on it has it. Pure.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";

/** No sender needs more to know his message again. */
const mostBytes = 65_536;
/** RFC 5322 2.1.1, and RFC 2045 6.7. */
const lineBytes = 998, encodedLineChars = 76;

/** A byte string whose lines end with LF, the empty one after it left out. */
export function headerOf(text: Uint8Array<ArrayBuffer>): string {
  const start = fromBytes(text.subarray(0, mostBytes))
    .replace(/\r\n/g, "\n");
  const end = start.startsWith("\n") ? 0 : start.indexOf("\n\n") + 1;
  const isWhole = end > 0 || start.startsWith("\n");
  const header = isWhole ? start.slice(0, end) : start;
  const isCut = !isWhole && text.length > mostBytes;
  return isCut ? header.slice(0, header.lastIndexOf("\n") + 1) : header;
}

/** Whether it may stand in a message as it is (7bit, RFC 2045 2.7). */
export const isPlain = (text: string): boolean =>
  // deno-lint-ignore no-control-regex
  !/[^\x01-\x7f]|\r/.test(text) &&
  text.split("\n").every((line) => line.length <= lineBytes);

/** RFC 2045 6.7; lines end with LF. */
export function quotedPrintable(text: string): string {
  return text.split("\n").map((line) => {
    const pieces = line
      .replace(/[^ -<>-~]/g, encodedByte)
      .replace(/ $/, "=20")
      .match(/=[\dA-F]{2}|[^=]/g) ?? [];
    let written = "", length = 0;
    for (const piece of pieces) {
      if (length + piece.length >= encodedLineChars) {
        written += "=\n";
        length = 0;
      }
      written += piece;
      length += piece.length;
    }
    return written;
  }).join("\n");
}

const encodedByte = (char: string) =>
  `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
