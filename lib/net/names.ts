/**
 * Host names and addresses, each within a deadline and never trusted.
 *
 * @module
 */
import { isIP, isIPv4 } from "node:net";
import { canonicalAddress } from "../base/ip.ts";
import { dnsResolver, type Resolver, systemSettings } from "./resolver.ts";

/** Which addresses a name may have: `-4`, or `-6` (those of IPv6 first). */
export type Family = "any" | "ipv4" | "ipv6";

/** For the address of HOST, once at the start. */
const startSeconds = 26;
/** RFC 1035 2.3.4. */
const hostNameBytes = 255;

/** in-addr.arpa or ip6.arpa name of an address (RFC 1035 3.5, RFC 3596 2.5). */
export function reverseName(ip: string): string {
  if (!ip.includes(":")) {
    return ip.split(".").reverse().join(".") + ".in-addr.arpa";
  }
  const [head, tail = ""] = ip.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail.split(":").filter(Boolean);
  const middle = Array(8 - left.length - right.length).fill("0");
  const digits = [...left, ...middle, ...right]
    .map((group) => group.padStart(4, "0")).join("");
  return [...digits].reverse().join(".") + ".ip6.arpa";
}

/**
 * The host name of an address: the first of several; null if it has none, or
 * none that may be shown.
 */
export async function hostOf(
  ip: string,
  resolver: Resolver,
): Promise<string | null> {
  const lookup = await resolver(reverseName(ip), "PTR");
  return lookup.type === "found" ? hostName(lookup.records[0]) : null;
}

/**
 * A name as tcpserver writes it: in lower case, what is neither letter, digit,
 * hyphen nor underscore in octal. One with a blank or a byte that no terminal
 * should see is no name, nor is what is too long.
 */
export function hostName(name: string): string | null {
  if (!/^[\x21-\x7e]+$/.test(name) || name === ".") return null;
  const written = name.toLowerCase().replace(
    /[^a-z0-9\-_.]/g,
    (c) => "\\" + c.charCodeAt(0).toString(8).padStart(3, "0"),
  );
  return written.length <= hostNameBytes ? written : null;
}

/** Whether one of the name's addresses is the given one (`-p`). */
export async function leadsTo(
  host: string,
  ip: string,
  resolver: Resolver,
): Promise<boolean> {
  return await whyNotLeadingTo(host, ip, resolver) === null;
}

/**
 * Why a name cannot be said to be the one of an address; null if one of its
 * addresses is the given one.
 */
export async function whyNotLeadingTo(
  host: string,
  ip: string,
  resolver: Resolver,
): Promise<string | null> {
  const lookup = await resolver(host, ip.includes(":") ? "AAAA" : "A");
  if (lookup.type === "failed") return lookup.reason;
  const leads = lookup.type === "found" &&
    lookup.records.some((record) => canonicalAddress(record) === ip);
  return leads ? null : "it does not lead back";
}

/**
 * The first address of a host name: by /etc/hosts, then DNS; IPv4 before
 * IPv6 unless told otherwise.
 *
 * @returns null if the name has none; throws when it cannot be told for now
 */
export async function addressOf(
  host: string,
  family: Family,
): Promise<string | null> {
  const literal = host.replace(/^\[(.*)\]$/, "$1");
  const first = (found: readonly string[]) => {
    const v4 = found.find((ip) => isIPv4(ip));
    const v6 = found.find((ip) => !isIPv4(ip));
    if (family === "ipv4") return v4;
    return family === "any" ? v4 ?? v6 : v6 ?? v4;
  };
  if (isIP(literal)) return first([canonicalAddress(literal)]) ?? null;
  const known = first(inHostsFile(host));
  if (known) return known;
  const types = family === "ipv4"
    ? ["A"] as const
    : family === "any"
    ? ["A", "AAAA"] as const
    : ["AAAA", "A"] as const;
  const { search } = systemSettings();
  const candidates = host.includes(".")
    ? [host]
    : [...search.map((domain) => `${host}.${domain}`), host];
  const resolver = dnsResolver(startSeconds);
  for (const name of candidates) {
    for (const type of types) {
      const lookup = await resolver(name, type);
      if (lookup.type === "failed") {
        throw new Error(`${lookup.reason} (asked about ${name})`);
      }
      if (lookup.type === "found") return canonicalAddress(lookup.records[0]);
    }
  }
  return null;
}

/** What /etc/hosts says of a name. */
export function inHostsFile(host: string): string[] {
  let text = "";
  try {
    text = Deno.readTextFileSync("/etc/hosts");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const [ip, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const named = names.some((name) =>
      name.toLowerCase() === host.toLowerCase()
    );
    return named && isIP(ip) ? [canonicalAddress(ip)] : [];
  });
}
