/**
 * The records of a DNS message (RFC 1035 4.1.3), where they are.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";

export type RecordType = "A" | "AAAA" | "CNAME" | "MX" | "PTR" | "TXT";

const typeNumbers: { [type in RecordType]: number } = {
  A: 1,
  CNAME: 5,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
};
/** Of those of one length. */
const dataBytes: { [type in RecordType]?: number } = { A: 4, AAAA: 16 };
/** RFC 1035 2.3.4. */
const labelLimit = 63;
/** Two bits of a length say: a pointer (RFC 1035 4.1.4). */
const pointer = 0xc0;

/**
 * Where the answers of one type have their data, from its length on. The
 * server has followed aliases: their records stand before. Names are passed
 * over, since thousands may share the labels of one, and each would be read.
 *
 * @param at where the first answer is, behind the question
 * @throws Error, where the message is not what it says
 */
export function* dataOf(view: DataView, at: number, type: RecordType) {
  for (let left = view.getUint16(6); left > 0; left--) {
    at = afterName(view, at);
    const length = view.getUint16(at + 8);
    const end = at + 10 + length;
    if (end > view.byteLength) throw new RangeError("a record is cut off");
    if (view.getUint16(at) === typeNumbers[type]) {
      if (length !== (dataBytes[type] ?? length)) {
        throw new RangeError("no address has this length");
      }
      yield { at: at + 8, end };
    }
    at = end;
  }
}

function afterName(view: DataView, at: number): number {
  for (;;) {
    const length = view.getUint8(at++);
    if (length === 0) return at;
    if (length >= pointer) return at + 1; // the rest stands elsewhere
    if (length > labelLimit) throw new RangeError("no label is so long");
    at += length;
  }
}

/**
 * The strings at the end of some bytes, as one. There may be 64,000 of them,
 * and dns-packet would make an object of each.
 */
export function stringsOf(bytes: Uint8Array, at: number): string {
  const text = new Uint8Array(bytes.length - at);
  let length = 0;
  while (at < bytes.length) {
    const end = at + 1 + bytes[at++];
    if (end > bytes.length) throw new RangeError("a string is cut off");
    while (at < end) text[length++] = bytes[at++];
  }
  return fromBytes(text.subarray(0, length));
}
