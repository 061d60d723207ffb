/**
 * What stands behind the `@` of an address: a domain, or an address literal
 * (RFC 5321 4.1.2 and 4.1.3).
 *
 * @module
 */
import { canonicalAddress, isIPv6 } from "../base/ip.ts";

/** RFC 5321 4.5.3.1.2, RFC 1035 2.3.4. */
const mostDomainBytes = 255;
const mostLabelBytes = 63;

/** With the underscore that some have, or bytes of UTF-8. */
const labelForm = /^[\w\x80-\xff](?:[\w\-\x80-\xff]*[\w\x80-\xff])?$/;
// deno-lint-ignore no-control-regex
const ascii = /^[\x00-\x7f]*$/;
const literalForm = /^\[(?:(\d{1,3}(?:\.\d{1,3}){3})|IPv6:([\da-f:.]+))\]$/i;

/** Whether a byte string can stand there. */
export function isMailDomain(text: string): boolean {
  if (text.startsWith("[")) return literalAddress(text) !== null;
  return text.length <= mostDomainBytes && text.split(".").every(isLabel);
}

/** The length of a label in UTF-8 counts as the DNS has it, which is not here. */
function isLabel(label: string): boolean {
  if (!labelForm.test(label)) return false;
  return label.length <= mostLabelBytes || !ascii.test(label);
}

/** The address in a literal, canonical; null if the text is none. */
export function literalAddress(text: string): string | null {
  const [, v4, v6] = literalForm.exec(text) ?? [];
  if (v6 !== undefined) return isIPv6(v6) ? canonicalAddress(v6) : null;
  const numbers = v4?.split(".").map(Number);
  return numbers?.every((each) => each <= 255) ? numbers.join(".") : null;
}

/**
 * An address with its literal in the one form that an IP address has, so that
 * all ways to write it are the same; any other address as it is.
 */
export function withCanonicalLiteral(address: string): string {
  if (!address.endsWith("]")) return address;
  const from = address.lastIndexOf("@") + 1;
  const ip = literalAddress(address.slice(from));
  if (ip === null) return address;
  return `${address.slice(0, from)}[${ip.includes(":") ? "IPv6:" : ""}${ip}]`;
}

/**
 * What lists may have for a domain: itself, then what is left of it from each dot on,
 * as `.example.org` stands for all below example.org.
 */
export function lookupKeys(domain: string): string[] {
  if (domain === "") return [];
  const keys = [domain];
  let dot = domain.indexOf(".", 1);
  while (dot !== -1) {
    keys.push(domain.slice(dot));
    dot = domain.indexOf(".", dot + 1);
  }
  return keys;
}
