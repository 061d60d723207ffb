/**
 * DNS messages (RFC 1035 4) with EDNS0 (RFC 6891), by the library dns-packet,
 * which is loaded late: whoever asks nothing need not wait for it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { dataOf, nameAt, type RecordType, stringsOf } from "./dns_records.ts";
import {
  ednsBy,
  headerBytes,
  isTruncated,
  rcodeOf,
  recordsIn,
} from "./dns_header.ts";
import type { Edns } from "./edns_servers.ts";

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
  read(message: Uint8Array): Reply | null;
}

export interface Reply {
  readonly lookup: Lookup | { readonly type: "truncated" };
  readonly edns: Edns;
}

/** The part of dns-packet that is used here. */
interface Codec {
  encode(packet: {
    readonly type: "query";
    readonly id: number;
    readonly flags: number;
    readonly questions: readonly { name: string; type: string }[];
    readonly additionals: readonly {
      readonly type: "OPT";
      readonly name: ".";
      readonly udpPayloadSize: number;
      readonly flags: 0;
      readonly options: readonly never[];
    }[];
  }): Uint8Array<ArrayBuffer>;
  /** @returns what reads a record's data, from its length on */
  record(type: "A" | "AAAA"): { decode(bytes: Buffer, at: number): string };
  readonly RECURSION_DESIRED: number;
}

let codec: Promise<Codec> | undefined;

/** RFC 1035 2.3.4. */
const nameLimit = 253;
const labelLimit = 63;
/** What an answer's datagram may have: no network cuts this to pieces. */
const datagramBytes = 1232;
/** An OPT record without options. */
const optBytes = 11;
/** Records that are read; nobody needs more of one type. */
const recordsLimit = 100;

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
export async function queryFor(
  name: string,
  type: RecordType,
  withEdns: boolean,
): Promise<Query> {
  codec ??= import("dns-packet").then((module) =>
    (module.default ?? module) as unknown as Codec
  );
  const { encode, record, RECURSION_DESIRED } = await codec;
  const id = crypto.getRandomValues(new Uint16Array(1))[0];
  const opt = {
    type: "OPT",
    name: ".",
    udpPayloadSize: datagramBytes,
    flags: 0,
    options: [],
  } as const;
  const query = Uint8Array.from(encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: withEdns ? [opt] : [],
  }));
  const question = query.subarray(
    headerBytes,
    query.length - (withEdns ? optBytes : 0),
  );

  /** @param at where the records begin */
  function lookupIn(
    message: Uint8Array,
    view: DataView,
    at: number,
    rcode: string,
  ): Lookup {
    if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") {
      return failed(`says ${rcode}`);
    }
    try {
      const { buffer, byteOffset, length } = message;
      const bytes = Buffer.from(buffer, byteOffset, length);
      const records = dataOf(view, at, type)
        .take(recordsLimit)
        .map(({ at, end }) => {
          switch (type) {
            case "A":
            case "AAAA":
              return record(type).decode(bytes, at);
            case "TXT":
              return stringsOf(bytes.subarray(0, end), at + 2);
            case "MX":
              return `${view.getUint16(at + 2)} ${nameAt(view, at + 4, end)}`;
            default:
              return nameAt(view, at + 2, end);
          }
        })
        .toArray();
      return records.length > 0
        ? { type: "found", records }
        : { type: "none", exists: rcode === "NOERROR" };
    } catch {
      return failed("answers nonsense");
    }
  }

  return {
    bytes: query,
    read(message) {
      const { buffer, byteOffset, length } = message;
      const view = new DataView(buffer, byteOffset, length);
      const at = recordsIn(message, view, query, question);
      if (at === null) return null;
      const rcode = rcodeOf(view);
      const edns = withEdns ? ednsBy(view, at) : "unknown";
      return isTruncated(view)
        ? { lookup: { type: "truncated" }, edns }
        : { lookup: lookupIn(message, view, at, rcode), edns };
    },
  };
}

const failed = (what: string): Lookup => ({
  type: "failed",
  reason: `the name server ${what}`,
});
