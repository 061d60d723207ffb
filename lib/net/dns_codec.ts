/**
 * DNS messages (RFC 1035 4), by the library dns-packet, which is loaded late:
 * whoever asks nothing need not wait for it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { dataOf, type RecordType, stringsOf } from "./dns_records.ts";

export type { RecordType };

export type Lookup =
  /**
   * Addresses, names without their last dot, `PREFERENCE NAME` of MX, and the
   * strings of a TXT joined to one byte string.
   */
  | { readonly type: "found"; readonly records: readonly string[] }
  /** No such records; `exists` is false if there is no such name at all. */
  | { readonly type: "none"; readonly exists: boolean }
  /** It cannot be told for now. */
  | { readonly type: "failed"; readonly reason: string };

export interface Query {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What a message says; null if it is no response to this query. */
  read(message: Uint8Array): Lookup | { readonly type: "truncated" } | null;
}

/** The part of dns-packet that is used here. */
interface Codec {
  encode(packet: {
    readonly type: "query";
    readonly id: number;
    readonly flags: number;
    readonly questions: readonly { name: string; type: string }[];
  }): Uint8Array<ArrayBuffer>;
  /** @returns what reads a record's data, from its length on */
  // deno-lint-ignore no-explicit-any
  record(type: string): { decode(bytes: Buffer, at: number): any };
  readonly RECURSION_DESIRED: number;
}

let codec: Promise<Codec> | undefined;

/** RFC 1035 2.3.4. */
const nameLimit = 253;
const labelLimit = 63;
const headerBytes = 12;
/** Records that are read; nobody needs more of one type. */
const recordsLimit = 100;

const isResponse = 0x8000, isTruncated = 0x0200, rcodeBits = 0xf;
/** By number, RFC 1035 4.1.1. */
const rcodes = "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED".split(" ");

/**
 * Whether a name can be asked about. One in Unicode cannot: dns-packet would
 * write its labels longer than they are here, over 63 bytes at the worst; nor
 * one of several lines, since it takes a dot from the end of each.
 */
export function isName(name: string): boolean {
  const plain = name.replace(/\.$/, "");
  return /^[^\n\r\x80-\uffff]+$/.test(plain) && plain.length <= nameLimit &&
    plain.split(".").every((label) =>
      label.length > 0 && label.length <= labelLimit
    );
}

/** A query of its own, with an id that nobody can guess. */
export async function queryFor(name: string, type: RecordType): Promise<Query> {
  codec ??= import("dns-packet").then((module) =>
    (module.default ?? module) as unknown as Codec
  );
  const { encode, record, RECURSION_DESIRED } = await codec;
  const id = crypto.getRandomValues(new Uint16Array(1))[0];
  const query = Uint8Array.from(encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
  }));
  return {
    bytes: query,
    read(message) {
      const { buffer, byteOffset, length } = message;
      const view = new DataView(buffer, byteOffset, length);
      if (!isAnswer(message, view, query)) return null;
      const flags = view.getUint16(2);
      if (flags & isTruncated) return { type: "truncated" };
      const rcode = rcodes[flags & rcodeBits] ?? `RCODE ${flags & rcodeBits}`;
      const exists = rcode === "NOERROR";
      if (!exists && rcode !== "NXDOMAIN") return failed(`says ${rcode}`);
      try {
        const bytes = Buffer.from(buffer, byteOffset, length);
        const records = dataOf(view, query.length, type)
          .take(recordsLimit)
          .map(({ at, end }) => {
            const all = bytes.subarray(0, end);
            if (type === "TXT") return stringsOf(all, at + 2);
            const data = record(type).decode(all, at);
            return type === "MX" ? `${data.preference} ${data.exchange}` : data;
          })
          .toArray();
        return records.length > 0
          ? { type: "found", records }
          : { type: "none", exists };
      } catch {
        return failed("answers nonsense");
      }
    },
  };
}

const failed = (what: string): Lookup => ({
  type: "failed",
  reason: `the name server ${what}`,
});

/**
 * Whether a message answers this query: the id and the question are its own,
 * and there is room for all the records that it says it has (RFC 1035 4.1.1
 * and 4.1.3).
 */
function isAnswer(
  message: Uint8Array,
  view: DataView,
  query: Uint8Array,
): boolean {
  const recordBytesLeast = 11;
  if (message.length < query.length) return false;
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  return message[0] === query[0] && message[1] === query[1] &&
    (view.getUint16(2) & isResponse) !== 0 && view.getUint16(4) === 1 &&
    records * recordBytesLeast <= message.length - query.length &&
    query.subarray(headerBytes).every((byte, i) =>
      lowerCase(byte) === lowerCase(message[headerBytes + i])
    );
}

/** No length of a label and no number of a type is a letter. */
const lowerCase = (byte: number) =>
  byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
