/**
 * DNS lists (RFC 5782): is the client's address listed?
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import type { Refusal } from "../mail/answers.ts";
import type { Resolver } from "../net/resolver.ts";
import { reverseName } from "../net/names.ts";
import { printable } from "../base/foreign_text.ts";
import { type DnsblSite, isMeant } from "./dnsbl_zones.ts";
import { accept, type Answer, type Policy } from "./question.ts";

/** As much of a list's reason as goes into a reply. */
const reasonLimit = 200;

export interface DnsblOptions {
  /** In the order in which they are believed. */
  readonly sites: readonly DnsblSite[];
  /** The sum of weights from which on a client is refused. */
  readonly threshold: number;
  /** 451 lets a client that was listed by mistake try again. */
  readonly code: 451 | 550;
  readonly resolver: Resolver;
  /** Takes a line for the administrator. */
  readonly emit: Emit;
  /** What a refusal is to say of the zone that it came from, for the log. */
  readonly blame?: (zone: string) => string;
}

/**
 * A policy for one connection: its client is looked up once in each zone, at
 * the first question, and refused if what the zones say of it comes to the
 * threshold.
 *
 * Fails open, with a log line: these lists go away, or refuse to answer, more
 * often than they are worth all mail. Error codes of lists (127.255.255.x),
 * 127.0.0.1, and answers outside of 127.0.0.0/8 (a dead zone for sale) are no
 * listing, wherever they come from.
 */
export function dnsblPolicy(options: DnsblOptions): Policy {
  let answer: Promise<Answer> | undefined;
  return ({ clientIp }) => answer ??= lookUp(clientIp, options);
}

async function lookUp(ip: string, options: DnsblOptions): Promise<Answer> {
  const { sites, threshold } = options;
  const zones = [...new Set(sites.map(({ zone }) => zone))];
  const found = new Map(
    await Promise.all(
      zones.map(async (zone) =>
        [zone, await listingsIn(zone, ip, options)] as const
      ),
    ),
  );
  const counted = sites.filter((site) =>
    found.get(site.zone)!.some((address) => isMeant(address, site))
  );
  const sum = counted.reduce((sum, { weight }) => sum + weight, 0);
  if (counted.length === 0 || sum < threshold) return accept;
  // The one that counts most has the word; of those alike, the first.
  const [worst] = counted.toSorted((one, other) => other.weight - one.weight);
  return await refusal(worst.zone, ip, options);
}

/** What a zone says of an address, as far as it is a listing. */
async function listingsIn(
  zone: string,
  ip: string,
  { resolver, emit }: DnsblOptions,
): Promise<readonly string[]> {
  const name = dnsblName(ip, zone);
  if (name === null) return [];
  const found = await resolver(name, "A");
  if (found.type === "failed") {
    emit(trouble(`unable to look ${ip} up in ${zone}: ${found.reason}`));
  }
  if (found.type !== "found") return [];
  const strange = found.records.find((address) => !isListing(address));
  if (strange) emit(trouble(`${zone} answers ${strange}: no listing`));
  return found.records.filter(isListing);
}

async function refusal(
  zone: string,
  ip: string,
  { code, resolver, blame }: DnsblOptions,
): Promise<Refusal> {
  const reasons = await resolver(dnsblName(ip, zone)!, "TXT");
  const reason = reasons.type === "found"
    ? printable(reasons.records[0], reasonLimit)
    : "";
  const text = reason === ""
    ? `${ip} is listed by ${zone}`
    : `${ip} is listed by ${zone}: ${reason}`;
  const by = blame === undefined ? {} : { by: blame(zone) };
  return code === 550
    ? { type: "never", code, enhanced: "5.7.1", text, ...by }
    : { type: "later", code, enhanced: "4.7.1", text, ...by };
}

/** Where an address is listed in a zone; null if it is no address. */
export function dnsblName(ip: string, zone: string): string | null {
  const v4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(ip)?.[1];
  const plain = v4 ?? (/^[\da-f:]+$/i.test(ip) && ip.includes(":") ? ip : null);
  return plain &&
    reverseName(plain.toLowerCase()).replace(/(in-addr|ip6)\.arpa$/, zone);
}

/**
 * RFC 5782 2.1; 127.255.255.x are error codes of Spamhaus and others, and
 * 127.0.0.1 (section 5) is what a zone answers that is broken or gone.
 */
export function isListing(address: string): boolean {
  return address.startsWith("127.") && address !== "127.0.0.1" &&
    !address.startsWith("127.255.255.");
}
