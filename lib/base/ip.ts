/**
 * IP addresses as text.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { isIPv4, isIPv6 } from "node:net";

export { isIPv4, isIPv6 };

/**
 * The one text of an address: an IPv4 one that came over IPv6 (RFC 4291
 * 2.5.5.2) is an IPv4 address, since that is what rules are written for; an
 * IPv6 one is in RFC 5952's form, a scope id kept.
 */
export function canonicalAddress(text: string): string {
  if (!text.includes(":")) return text;
  return ipaddr.process(text).toString();
}

/** The text of 4 or 16 address bytes, canonical. */
export function addressOfBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  return canonicalAddress(ipaddr.fromByteArray([...bytes]).toString());
}

/**
 * The first address of the range that an address is in, canonical; a scope id
 * is left out.
 *
 * @param bits of the network, 0 to 32 or 128
 */
export function networkOf(text: string, bits: number): string {
  const bytes = ipaddr.parse(text).toByteArray();
  bytes.forEach((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8));
    bytes[i] = byte & (0xff00 >> kept);
  });
  return addressOfBytes(new Uint8Array(bytes));
}

type Range = [base: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/** Addresses and CIDR ranges, understood once. */
export class Subnets {
  readonly #ranges: readonly Range[];

  /**
   * @throws Error for anything else, such as 010.0.0.1 and 10, which ipaddr.js
   *   would read as 8.0.0.1 and 0.0.0.10
   */
  constructor(subnets: readonly string[]) {
    this.#ranges = subnets.map(rangeOf);
  }

  /** Whether an address is one of these, or in one of these ranges. */
  has(address: string): boolean {
    const ip = ipaddr.process(address);
    return this.#ranges.some(([base, bits]) =>
      base.kind() === ip.kind() &&
      (ip as ipaddr.IPv4).match(base as ipaddr.IPv4, bits)
    );
  }
}

function rangeOf(subnet: string): Range {
  const [base] = subnet.split("/");
  const isWhole = isIPv4(base) || isIPv6(base);
  if (isWhole && ipaddr.isValidCIDR(subnet)) return ipaddr.parseCIDR(subnet);
  if (!isWhole || !ipaddr.isValid(subnet)) {
    throw new Error(`${JSON.stringify(subnet)} is no address and no range`);
  }
  const ip = ipaddr.process(subnet);
  return [ip, ip.kind() === "ipv4" ? 32 : 128];
}

/**
 * Who counts as one client for limits: an IPv4 address, but an IPv6 /64,
 * since that is the least that anybody is given (RFC 6177).
 */
export function clientKey(address: string): string {
  if (!address.includes(":")) return address;
  const parts = ipaddr.parse(address).toByteArray().slice(0, 8);
  return parts.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
