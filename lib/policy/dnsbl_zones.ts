/**
 * The zones of DNS blocklists, as an option has them.
 *
 * @module
 */
import { shown, trimmed } from "../base/written.ts";

/** What the DNS can be asked for, in ASCII. */
const zoneForm = /^[\w-]{1,63}(?:\.[\w-]{1,63})*$/;

/**
 * Reads `ZONE,ZONE`.
 *
 * @throws Error that says which of them is none
 */
export function dnsblZones(text: string): string[] {
  return text.split(",").map((each, i) => {
    const zone = trimmed(each).replace(/\.$/, "");
    if (zoneForm.test(zone)) return zone;
    const why = /[\u0080-\uffff]/.test(zone)
      ? "write it as the DNS knows it, xn--"
      : /\s/.test(zone)
      ? "a blank is in it"
      : zone === ""
      ? "nothing is between the commas"
      : "the DNS has no such name";
    throw new Error(`item ${i + 1}: ${shown(zone)} is no DNS zone: ${why}`);
  });
}
