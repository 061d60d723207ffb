/**
 * Byte strings: a JavaScript string of which every character is one byte
 * (0 to 255). The environment, SMTP addresses and rule keys are bytes of no
 * known encoding; in this form they keep every byte and can still be compared,
 * used as map keys and joined.
 *
 * @module
 */

const latin1 = new TextDecoder("latin1");

/**
 * The byte string that holds the given bytes.
 *
 * The platform's "latin1" is windows-1252, which renames 0x80 to 0x9f, so
 * those bytes take the slow way.
 */
export function fromBytes(bytes: Uint8Array): string {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] >= 0x80) return fromAnyBytes(bytes);
  }
  return latin1.decode(bytes);
}

function fromAnyBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** The bytes of a byte string. Characters above 255 lose their upper bits. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
