/**
 * What the rules of a gate say of an address, for who looks at it: as
 * `postern rules explain` has it, by the database that decides.
 *
 * @module
 */
import { canonicalAddress } from "../base/ip.ts";
import { reason } from "../base/reason.ts";
import type { CdbReader } from "../cdb/reader.ts";
import { explainBy } from "../rules/explain.ts";
import { explanationLines } from "../rules/report.ts";

/**
 * @param path of the database, for people
 * @param database gives it, or throws what reading it throws
 * @param ip an IP address
 */
export function explanationOf(
  path: string,
  database: () => CdbReader,
  ip: string,
): string {
  try {
    const peer = { ip: canonicalAddress(ip), host: null, info: null };
    return explanationLines(path, explainBy(database(), peer)).join("\n");
  } catch (error) {
    return `unable to read ${path}: ${reason(error)}`;
  }
}
