/**
 * DNS messages (RFC 1035 section 4): one question, and what is of use in the
 * answer. Pure, and safe with any bytes.
 *
 * @module
 */
import { addressOfBytes } from "../address.ts";
import { concat, toBytes } from "../bytes.ts";

/** RFC 1035 3.2.2, RFC 3596 2.1. */
const types = { A: 1, PTR: 12, AAAA: 28 } as const;
export type DnsType = keyof typeof types;

const classIn = 1;
const headerBytes = 12;
const flagAnswer = 0x8000;
const flagTruncated = 0x0200;
const flagRecursionDesired = 0x0100;
const rcodeNameError = 3;
/** RFC 1035 2.3.4. */
const nameBytes = 255;
const labelBytes = 63;

export type Answer =
  /** Addresses, or names; "" stands for a name that is none. */
  | { type: "data"; data: string[] }
  | { type: "truncated" }
  | { type: "failure" };

const number16 = (n: number) => new Uint8Array([n >> 8, n & 255]);

/**
 * A question; null if the name is none.
 *
 * @param id 16 bits that nobody can guess
 */
export function encodeQuestion(
  id: number,
  name: string,
  type: DnsType,
): Uint8Array<ArrayBuffer> | null {
  const encoded = encodeName(name);
  return encoded && concat([
    number16(id),
    number16(flagRecursionDesired),
    new Uint8Array([0, 1, 0, 0, 0, 0, 0, 0]), // one question, no records
    encoded,
    number16(types[type]),
    number16(classIn),
  ]);
}

/** The answer to a question; null if the packet is something else. */
export function decodeAnswer(
  packet: Uint8Array,
  question: Uint8Array,
): Answer | null {
  if (packet.length < question.length) return null;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const flags = view.getUint16(2);
  const same = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      if (packet[i] !== question[i]) return false;
    }
    return true;
  };
  // Same id, an answer, one question, and that is ours.
  const ours = same(0, 2) && (flags & flagAnswer) !== 0 && same(4, 6) &&
    same(headerBytes, question.length);
  if (!ours) return null;
  if (flags & flagTruncated) return { type: "truncated" };
  const rcode = flags & 15;
  if (rcode === rcodeNameError) return { type: "data", data: [] };
  if (rcode !== 0) return { type: "failure" };
  const wanted = question[question.length - 3]; // every type is below 256
  return records(packet, view, question.length, wanted);
}

/** An alias (RFC 2317) may be in between: whose a record is does not matter. */
function records(
  packet: Uint8Array,
  view: DataView,
  start: number,
  wanted: number,
): Answer {
  const data: string[] = [];
  let at = start;
  for (let left = view.getUint16(6); left > 0; left--) {
    const owner = readName(packet, at);
    if (!owner || owner.end + 10 > packet.length) return { type: "failure" };
    at = owner.end;
    const type = view.getUint16(at);
    const class_ = view.getUint16(at + 2);
    const length = view.getUint16(at + 8);
    at += 10;
    if (at + length > packet.length) return { type: "failure" };
    if (type === wanted && class_ === classIn) {
      if (wanted === types.PTR) {
        const name = readName(packet, at);
        if (!name) return { type: "failure" };
        data.push(nameText(name.labels) ?? "");
      } else if (length === (wanted === types.A ? 4 : 16)) {
        data.push(addressOfBytes(packet.slice(at, at + length)));
      }
    }
    at += length;
  }
  return { type: "data", data };
}

/** A name as it is in a packet, and where it ends; null if it is broken. */
function readName(
  packet: Uint8Array,
  at: number,
): { labels: Uint8Array[]; end: number } | null {
  const labels: Uint8Array[] = [];
  let end: number | undefined; // known at the first pointer
  let bytes = 1;
  for (;;) {
    const length = packet[at++];
    if (length === undefined) return null;
    if (length === 0) return { labels, end: end ?? at };
    if (length >= 0xc0) {
      const low = packet[at++];
      end ??= at;
      const target = (length & 0x3f) << 8 | low;
      // RFC 1035 4.1.4: a prior occurrence. So there are no loops.
      if (low === undefined || target >= at - 2) return null;
      at = target;
      if (++bytes > nameBytes) return null; // pointers to pointers
      continue;
    }
    bytes += 1 + length;
    const next = at + length;
    if (length > labelBytes || bytes > nameBytes || next > packet.length) {
      return null;
    }
    labels.push(packet.subarray(at, next));
    at = next;
  }
}

/**
 * The text of a name as djb's library has it: lower case, and any byte that is
 * not usual in host names as `\ooo`. Null if it has a control byte, a blank or
 * a byte above 126, is longer than 255 bytes, or is the root: it is going to
 * logs and environments.
 */
function nameText(labels: readonly Uint8Array[]): string | null {
  let text = "";
  for (const [i, label] of labels.entries()) {
    if (i > 0) text += ".";
    for (const byte of label) {
      if (byte <= 32 || byte >= 127) return null;
      const char = String.fromCharCode(byte);
      text += /[\w-]/.test(char)
        ? char.toLowerCase()
        : "\\" + byte.toString(8).padStart(3, "0");
    }
  }
  return text === "" || text.length > nameBytes ? null : text;
}

/** The reverse: labels between dots, `\ooo` any byte. */
function encodeName(text: string): Uint8Array | null {
  const pieces: Uint8Array[] = [];
  for (const part of text.replace(/\.$/, "").split(".")) {
    const label = part.replace(
      /\\(\d{3})/g,
      (_, octal) => String.fromCharCode(parseInt(octal, 8) & 255),
    );
    if (label === "" || label.length > labelBytes) return null;
    pieces.push(new Uint8Array([label.length]), toBytes(label));
  }
  const name = concat([...pieces, new Uint8Array(1)]);
  return name.length > nameBytes ? null : name;
}
