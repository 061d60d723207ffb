/**
 * What addresses may be beyond tcprules' grammar, behind `--extended`: CIDR
 * ranges of both families, IPv6 addresses and prefixes.
 *
 * An IPv4 range becomes the fewest prefixes and addresses that cover it, so a
 * stock tcpserver finds them. A textual prefix cannot stand for an IPv6 range
 * (2001:0:0:1:: is written 2001:0:0:1:..., 2001::1:...), so such a range is a
 * key of our own, `NETWORK/BITS` in RFC 5952's form; the record `/` lists the
 * numbers of bits that occur, one byte each, the longest first.
 *
 * @module
 */
import { canonicalAddress, isIPv4, isIPv6, networkOf } from "../base/ip.ts";
import { toBytes } from "../base/bytes.ts";
import { rangeIndexKey } from "./lookup.ts";

/** An address that is none; the message says what was expected. */
export class AddressError extends Error {
  override readonly name = "AddressError";
}

export class ExtendedAddresses {
  readonly #bits = new Set<number>();

  /**
   * The keys of an address; null for one that only the classic grammar knows.
   *
   * @throws AddressError
   */
  readonly expand = (address: string): readonly string[] | null => {
    const named = address.includes("=") || address.includes("@");
    const slash = address.indexOf("/");
    if (slash >= 0) {
      if (named) throw new AddressError("a range without a user or a name");
      return this.#range(address.slice(0, slash), address.slice(slash + 1));
    }
    if (named || !address.includes(":")) return null;
    if (isIPv6(address)) return [canonicalAddress(address)];
    return this.#prefix(address);
  };

  /** The record that lists the numbers of bits; null if there are none. */
  index(): { key: Uint8Array; data: Uint8Array } | null {
    if (this.#bits.size === 0) return null;
    const longestFirst = [...this.#bits].sort((a, b) => b - a);
    return { key: toBytes(rangeIndexKey), data: new Uint8Array(longestFirst) };
  }

  #range(base: string, digits: string): string[] {
    const width = isIPv4(base) ? 32 : isIPv6(base) ? 128 : 0;
    if (width === 0) throw new AddressError("an IP address before the /");
    const bits = Number(digits);
    if (!/^\d{1,3}$/.test(digits) || bits > width) {
      throw new AddressError(`a number from 0 to ${width} after the /`);
    }
    if (width === 128 && isIPv4(canonicalAddress(base))) {
      throw new AddressError("an IPv4 range in IPv4's own form");
    }
    const network = networkOf(base, bits);
    if (network !== canonicalAddress(base)) {
      throw new AddressError(
        `${network}/${bits}, since ${base} has bits beyond the first ${bits}`,
      );
    }
    if (width === 32) return ipv4Keys(network, bits);
    if (bits === 128) return [network];
    return [this.#key(network, bits)];
  }

  /** `2001:db8:`, whole groups before the last colon. */
  #prefix(address: string): string[] {
    const groups = address.split(":").slice(0, -1);
    const whole = groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
    if (!address.endsWith(":") || !whole || groups.length > 7) {
      throw new AddressError("an IPv6 address, prefix or range");
    }
    const base = groups.length === 7 ? `${address}0` : `${address}:`;
    return [this.#key(canonicalAddress(base), groups.length * 16)];
  }

  #key(network: string, bits: number): string {
    this.#bits.add(bits);
    return `${network}/${bits}`;
  }
}

/**
 * The fewest keys for an IPv4 range. /0 is 256 of them and not the empty key,
 * which would hold for IPv6 clients too.
 */
function ipv4Keys(network: string, bits: number): string[] {
  const parts = Math.max(1, Math.ceil(bits / 8));
  const octets = network.split(".").map(Number);
  const head = octets.slice(0, parts - 1).map((octet) => `${octet}.`).join("");
  const dot = parts < 4 ? "." : "";
  return Array.from(
    { length: 2 ** (parts * 8 - bits) },
    (_, i) => `${head}${octets[parts - 1] + i}${dot}`,
  );
}
