/**
 * The parts of the library mailauth that are used, one by one: its main
 * module would load an HTTP client too, for BIMI, which older Denos do not
 * take. Import this module late, for it takes some 200 ms.
 *
 * @module
 */
import type { Lookup, RecordType, Resolver } from "../net/resolver.ts";

export { arc } from "mailauth/lib/arc/index.js";
export { dkimVerify } from "mailauth/lib/dkim/verify.js";
export { evaluateDmarc } from "mailauth/lib/dmarc/index.js";
export { spf } from "mailauth/lib/spf/index.js";

/**
 * For one TXT record; a key of 4096 bits has some 800. mailauth takes time by
 * the square of some of it.
 */
const textBytesLimit = 4096;
/** Stands for an SPF record that is longer: a permerror. */
const longSpfRecord = "v=spf1 record-too-long";

/** node:dns's results: what mailauth wants of a resolver. */
type NodeRecords = string[] | string[][] | {
  priority: number;
  exchange: string;
}[];

/**
 * Our resolver in the form of node:dns's `resolve`, with its error codes.
 *
 * @param limit lookups after which all fail: one message cannot ask for more
 */
export function nodeResolver(resolver: Resolver, limit: number) {
  let asked = 0;
  // deno-lint-ignore no-explicit-any
  return async (name: string, type: string): Promise<any> => {
    if (++asked > limit) throw dnsError("ETIMEOUT", "too many lookups");
    return nodeRecords(
      await resolver(name, type as RecordType),
      type as RecordType,
    );
  };
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
  if (text.length <= textBytesLimit) return [[text]];
  return /^\s*v=spf1\s/i.test(text) ? [[longSpfRecord]] : [];
}

function dnsError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
