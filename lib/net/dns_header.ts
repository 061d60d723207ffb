/**
 * The head of a DNS message (RFC 1035 4.1.1): whether it answers a query, and
 * what it says of the server.
 *
 * @module
 */
import { hasOpt } from "./dns_records.ts";
import type { Edns } from "./edns_servers.ts";

export const headerBytes = 12;

const responseBit = 0x8000, truncatedBit = 0x0200, rcodeBits = 0xf;
/** By number, RFC 1035 4.1.1. */
const rcodes = "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED".split(" ");
/** What servers say that do not take EDNS0: most only for that. */
const ednsRefusals = new Set(["FORMERR", "NOTIMP", "SERVFAIL"]);

/** Whether there is more than fits into the datagram. */
export const isTruncated = (view: DataView): boolean =>
  (view.getUint16(2) & truncatedBit) !== 0;

/** What became of the question, in a word. */
export function rcodeOf(view: DataView): string {
  const rcode = view.getUint16(2) & rcodeBits;
  return rcodes[rcode] ?? `RCODE ${rcode}`;
}

/**
 * What an answer to a question with EDNS0 tells of the server.
 *
 * @param at where the records begin
 */
export function ednsBy(view: DataView, at: number): Edns {
  const rcode = rcodeOf(view);
  if (!ednsRefusals.has(rcode)) return "taken";
  // RFC 6891 7: who knows EDNS0 has it in the answer.
  if (hasOpt(view, at)) return "taken";
  return rcode === "SERVFAIL" ? "doubtful" : "refused";
}

/**
 * Where the records of an answer to this query begin; null for any other
 * message. In an answer the id and the question are the query's own, and there
 * is room for all the records that it says it has (RFC 1035 4.1.1 and 4.1.3).
 * A server that could not read the query may leave the question out.
 */
export function recordsIn(
  message: Uint8Array,
  view: DataView,
  query: Uint8Array,
  question: Uint8Array,
): number | null {
  const recordBytesLeast = 11;
  if (message.length < headerBytes) return null;
  const questions = view.getUint16(4);
  const isOurs = message[0] === query[0] && message[1] === query[1] &&
    (view.getUint16(2) & responseBit) !== 0;
  const isUnread = questions === 0 &&
    ednsRefusals.has(rcodeOf(view));
  const at = headerBytes + (isUnread ? 0 : question.length);
  if (!isOurs || (questions !== 1 && !isUnread) || message.length < at) {
    return null;
  }
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  if (records * recordBytesLeast > message.length - at) return null;
  const isAsked = isUnread ||
    question.every((byte, i) =>
      lowerCase(byte) === lowerCase(message[headerBytes + i])
    );
  return isAsked ? at : null;
}

/** No length of a label and no number of a type is a letter. */
const lowerCase = (byte: number) =>
  byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
