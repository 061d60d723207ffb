/**
 * Byte strings: a JavaScript string of which every character is one byte
 * (0 to 255). The environment, SMTP addresses and rule keys are bytes of no
 * known encoding; in this form they keep every byte and can still be compared,
 * used as map keys and joined.
 *
 * @module
 */

/** As many arguments as one call surely takes. */
const chunkBytes = 8192;

/** The byte string that holds the given bytes. */
export function fromBytes(bytes: Uint8Array): string {
  // The platform's "latin1" decoder is windows-1252, and slower for lines.
  if (bytes.length <= chunkBytes) return fromCharCodes(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    text += fromCharCodes(bytes.subarray(at, at + chunkBytes));
  }
  return text;
}

function fromCharCodes(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** The bytes of a byte string. Characters above 255 lose their upper bits. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** A byte string's text, as far as it is UTF-8. */
export const textOf = (bytes: string): string => decoder.decode(toBytes(bytes));

/** The byte string of a text in UTF-8. */
export const bytesOf = (text: string): string =>
  fromBytes(encoder.encode(text));

/**
 * The same text in memory of its own. A part of a text keeps the whole of it,
 * and one that was put together all its pieces.
 */
export function flatCopy(text: string): string {
  return fromBytes(toBytes(text));
}

/** Letters of ASCII in lower case; a byte above 127 is of no known alphabet. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** All pieces, one after the other. */
export function concat(
  pieces: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
