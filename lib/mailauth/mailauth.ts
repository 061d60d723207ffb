/**
 * The parts of the library mailauth that are used, one by one: its main
 * module would load an HTTP client too, for BIMI, which older Denos do not
 * take. Import this module late, for it takes some 200 ms.
 *
 * @module
 */
import type { Lookup, RecordType, Resolver } from "../net/resolver.ts";
import { expandsTooFar } from "./macros.ts";

export { arc } from "mailauth/lib/arc/index.js";
export { DkimVerifier } from "mailauth/lib/dkim/dkim-verifier.js";
export { evaluateDmarc } from "mailauth/lib/dmarc/index.js";
export { spf } from "mailauth/lib/spf/index.js";

/**
 * For one TXT record; a key of 4096 bits has some 800. mailauth takes time by
 * the square of some of it.
 */
const textBytesLimit = 4096;
/** Stand for an SPF record that is longer, or whose macros are: a permerror. */
const longSpfRecord = "v=spf1 record-too-long";
const wideSpfRecord = "v=spf1 macros-too-long";

/** node:dns's results: what mailauth wants of a resolver. */
type NodeRecords = string[] | string[][] | {
  priority: number;
  exchange: string;
}[];

/** As node:dns's `resolve`. */
// deno-lint-ignore no-explicit-any
export type NodeResolver = (name: string, type: string) => Promise<any>;

/** Our resolver in the form of node:dns's `resolve`, with its error codes. */
export function nodeResolver(resolver: Resolver): NodeResolver {
  return async (name, type) =>
    nodeRecords(
      await resolver(name, type as RecordType),
      type as RecordType,
    );
}

function nodeRecords(lookup: Lookup, type: RecordType): NodeRecords {
  switch (lookup.type) {
    case "failed":
      throw dnsError("ETIMEOUT", lookup.reason);
    case "none":
      throw dnsError(lookup.exists ? "ENODATA" : "ENOTFOUND", "no records");
  }
  const { records } = lookup;
  if (type === "TXT") {
    const texts = records.flatMap(fairText);
    if (texts.length === 0) throw dnsError("ENODATA", "no records");
    return texts;
  }
  if (type !== "MX") return [...records];
  return records.map((record) => {
    const [priority, exchange = ""] = record.split(" ");
    return { priority: Number(priority), exchange };
  });
}

/** A TXT record's strings; a longer one than is read counts as not there. */
function fairText(text: string): string[][] {
  const isSpf = /^\s*v=spf1\s/i.test(text);
  if (text.length > textBytesLimit) return isSpf ? [[longSpfRecord]] : [];
  return [[isSpf && expandsTooFar(text) ? wideSpfRecord : text]];
}

function dnsError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
