/**
 * DNS messages (RFC 1035 4), by the library dns-packet, which is loaded late:
 * whoever asks nothing need not wait for it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { fromBytes } from "../base/bytes.ts";

export type RecordType = "A" | "AAAA" | "CNAME" | "MX" | "PTR" | "TXT";

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
interface Packet {
  readonly id?: number;
  readonly type?: "query" | "response";
  readonly flags?: number;
  readonly rcode?: string;
  readonly flag_tc?: boolean;
  readonly questions?: readonly { name: string; type: string }[];
  // deno-lint-ignore no-explicit-any
  readonly answers?: readonly { type: string; data: any }[];
}

interface Codec {
  encode(packet: Packet): Uint8Array<ArrayBuffer>;
  decode(bytes: Uint8Array): Packet;
  readonly RECURSION_DESIRED: number;
}

let codec: Promise<Codec> | undefined;

/** RFC 1035 2.3.4. */
const nameLimit = 253;
const labelLimit = 63;

/**
 * Whether a name can be asked about. One in Unicode cannot: dns-packet would
 * write its labels longer than they are here, over 63 bytes at the worst.
 */
export function isName(name: string): boolean {
  const plain = withoutLastDot(name);
  // deno-lint-ignore no-control-regex
  return /^[\x00-\x7f]+$/.test(plain) && plain.length <= nameLimit &&
    plain.split(".").every((label) =>
      label.length > 0 && label.length <= labelLimit
    );
}

/** A query of its own, with an id that nobody can guess. */
export async function queryFor(name: string, type: RecordType): Promise<Query> {
  codec ??= import("dns-packet").then((module) =>
    (module.default ?? module) as unknown as Codec
  );
  const { encode, decode, RECURSION_DESIRED } = await codec;
  const id = crypto.getRandomValues(new Uint16Array(1))[0];
  const bytes = encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
  });
  return {
    bytes: Uint8Array.from(bytes),
    read(message) {
      if (!isPlausible(message, id)) return null;
      let packet: Packet;
      try {
        const { buffer, byteOffset, length } = message;
        packet = decode(Buffer.from(buffer, byteOffset, length));
      } catch {
        return null;
      }
      const question = packet.questions?.[0];
      const ours = packet.type === "response" && question?.type === type &&
        withoutLastDot(question.name).toLowerCase() ===
          withoutLastDot(name).toLowerCase();
      if (!ours) return null;
      return packet.flag_tc ? { type: "truncated" } : lookupOf(packet, type);
    },
  };
}

const withoutLastDot = (name: string) => name.replace(/\.$/, "");

/**
 * Whether it is worth decoding: ours, and with room for all the records that
 * it says it has (RFC 1035 4.1.1 and 4.1.3). dns-packet would make up the rest.
 */
function isPlausible(bytes: Uint8Array, id: number): boolean {
  const headerBytes = 12, recordBytesLeast = 11;
  if (bytes.length < headerBytes) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  return view.getUint16(0) === id && view.getUint16(4) === 1 &&
    records * recordBytesLeast <= bytes.length - headerBytes;
}

function lookupOf(packet: Packet, type: RecordType): Lookup {
  const exists = packet.rcode === "NOERROR";
  if (!exists && packet.rcode !== "NXDOMAIN") {
    return { type: "failed", reason: `the name server says ${packet.rcode}` };
  }
  // The server has followed aliases: their records stand before the answer.
  const records = (packet.answers ?? [])
    .filter((record) => record.type === type)
    .map(({ data }) => {
      if (type === "MX") return `${data.preference} ${data.exchange}`;
      if (type !== "TXT") return String(data);
      return [data].flat().map((piece) => fromBytes(piece)).join("");
    });
  return records.length > 0
    ? { type: "found", records }
    : { type: "none", exists };
}
