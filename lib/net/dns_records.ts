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
/** EDNS0's own (RFC 6891 6.1.1). */
const optType = 41;
/** RFC 1035 2.3.4; without the length of the first label and the root's. */
const labelLimit = 63, nameLimit = 253;
const dot = ".".charCodeAt(0);
/** A name has 127 labels at most, and needs no more than a pointer for each. */
const pointersLimit = 127;
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
  for (const record of recordsOf(view, at, view.getUint16(6))) {
    if (record.type !== typeNumbers[type]) continue;
    const length = record.end - record.at - 2;
    if (length !== (dataBytes[type] ?? length)) {
      throw new RangeError("no address has this length");
    }
    yield record;
  }
}

/**
 * Whether there is an OPT record, as an answer has by a server that knows
 * EDNS0; if the message cannot be told to the end there is none.
 *
 * @param at where the first record is
 */
export function hasOpt(view: DataView, at: number): boolean {
  const [answers, authorities, additionals] = [6, 8, 10].map((count) =>
    view.getUint16(count)
  );
  const all = answers + authorities + additionals;
  if (additionals === 0) return false;
  try {
    return recordsOf(view, at, all).some(({ type }) => type === optType);
  } catch {
    return false; // what is wrong is told where the records are read
  }
}

/** Where so many records have their data, from its length on. */
function* recordsOf(view: DataView, at: number, count: number) {
  for (let left = count; left > 0; left--) {
    at = afterName(view, at);
    const end = at + 10 + view.getUint16(at + 8);
    if (end > view.byteLength) throw new RangeError("a record is cut off");
    yield { type: view.getUint16(at), at: at + 8, end };
    at = end;
  }
}

/** What is read of a name, until it is made a string. */
const text = new Uint8Array(nameLimit + 1);

/**
 * The name at some place of a message; `.` for the root. Pointers lead back
 * only, as dns-packet has it; but 8,000 of them fit into a message, each of
 * which leads to another, and thousands of names may share 120 labels.
 *
 * @param end of what it may look at
 * @throws RangeError
 */
export function nameAt(view: DataView, at: number, end: number): string {
  let written = 0;
  for (let pointers = 0, start = at;;) {
    const length = view.getUint8(at);
    const next = at + 1 + length;
    if (length === 0 && next <= end) break;
    if (length >= pointer) {
      at = view.getUint16(at) & ~(pointer << 8);
      if (at >= start || ++pointers > pointersLimit) {
        throw new RangeError("a pointer leads nowhere");
      }
      start = at;
      continue;
    }
    if (length > labelLimit || next >= end || written + length > nameLimit) {
      throw new RangeError("no name is so long");
    }
    for (at++; at < next; at++) text[written++] = view.getUint8(at);
    text[written++] = dot;
  }
  return written === 0 ? "." : fromBytes(text.subarray(0, written - 1));
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
