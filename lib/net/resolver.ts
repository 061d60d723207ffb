/**
 * DNS. Deno.resolveDns would not do: it says "not found" for SERVFAIL and
 * REFUSED too, and then a lookup that failed for now would pass for a domain
 * without a policy; it answers for 127.0.0.0/8 and localhost by itself, appends
 * search domains to reverse names, and does not know DNSCACHEIP.
 *
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import { reason } from "../base/reason.ts";
import { isName, type Lookup, queryFor, type RecordType } from "./dns_codec.ts";
import { EdnsServers } from "./edns_servers.ts";
import { lookupTimes } from "./lookup_times.ts";
import { ask, type NameServer } from "./name_server.ts";

export type { Lookup, RecordType };

/** Never rejects. */
export type Resolver = (name: string, type: RecordType) => Promise<Lookup>;

const dnsPort = 53;
/** How long each server has, round by round; together tcpserver's 26 s. */
const roundSeconds = [1, 3, 11, 11];

/**
 * Asks name servers in turn, again and again, by UDP, and by TCP what did not
 * fit. One that refuses or fails is not asked again, unless EDNS0 may be why.
 *
 * @param seconds for one lookup, with all its attempts
 * @param servers asked anew for each lookup
 */
export function dnsResolver(
  seconds: number,
  servers: () => readonly NameServer[] = configuredServers,
): Resolver {
  const edns = new EdnsServers();
  const resolve: Resolver = async (name, type) => {
    if (!isName(name)) return { type: "none", exists: false };
    const end = performance.now() + seconds * 1000;
    const left = new Set(servers());
    let failure = "no name server";
    for (const round of roundSeconds) {
      for (const server of left) {
        const now = performance.now();
        if (now >= end) return { type: "failed", reason: failure };
        const withEdns = edns.isFor(server);
        const query = await queryFor(name, type, withEdns);
        try {
          const roundEnd = Math.min(end, now + round * 1000);
          const reply = await ask(server, query, roundEnd);
          if (reply === null) {
            edns.wasSilent(server, withEdns);
            failure = "the name server does not answer";
            continue;
          }
          const asksAgain = edns.answered(server, reply.edns);
          const { lookup } = reply;
          if (lookup.type === "found" || lookup.type === "none") return lookup;
          if (!asksAgain) left.delete(server);
          if (lookup.type === "failed") failure = lookup.reason;
        } catch (error) {
          left.delete(server); // such as: nobody listens there
          failure = reason(error);
        }
      }
    }
    return { type: "failed", reason: failure };
  };
  return async (name, type) => {
    const since = performance.now();
    const lookup = await resolve(name, type);
    lookupTimes.record(performance.now() - since);
    return lookup;
  };
}

/** What resolv.conf(5) says, as far as it concerns us. */
export interface ResolverSettings {
  readonly servers: readonly string[];
  /** Domains to try for a name without a dot. */
  readonly search: readonly string[];
}

/**
 * @param cacheIp DNSCACHEIP: djb's programs take the resolvers' addresses
 * from it, one or, with dots between, several
 */
export function resolverSettings(
  cacheIp: string | undefined,
  resolvConf: string,
): ResolverSettings {
  const servers: string[] = [];
  let search: string[] = [];
  for (const line of resolvConf.split("\n")) {
    const [key, ...values] = line.trim().split(/\s+/);
    if (key === "nameserver" && isIP(values[0] ?? "")) servers.push(values[0]);
    if (key === "search" || key === "domain") search = values;
  }
  const given = cacheIp === undefined
    ? []
    : isIPv6(cacheIp)
    ? [cacheIp]
    : (cacheIp.match(/\d+\.\d+\.\d+\.\d+/g) ?? []).filter((ip) => isIPv4(ip));
  if (given.length > 0) return { servers: given, search };
  return { servers: servers.length > 0 ? servers : ["127.0.0.1"], search };
}

const isIP = (text: string) => isIPv4(text) || isIPv6(text.split("%")[0]);

/** This machine's. */
export function systemSettings(): ResolverSettings {
  let resolvConf = "";
  try {
    resolvConf = Deno.readTextFileSync("/etc/resolv.conf");
  } catch {
    // Then the resolver is on this machine.
  }
  return resolverSettings(Deno.env.get("DNSCACHEIP"), resolvConf);
}

function configuredServers(): NameServer[] {
  return systemSettings().servers.map((ip) => ({ ip, port: dnsPort }));
}
