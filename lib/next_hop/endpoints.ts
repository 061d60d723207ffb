/**
 * Which sockets stand behind the addresses of a next hop, in the order in
 * which they are tried.
 *
 * @module
 */
import { isIP } from "node:net";
import type { Endpoint } from "../base/endpoint.ts";
import { canonicalAddress } from "../base/ip.ts";
import { inHostsFile } from "../net/names.ts";
import type { Resolver } from "../net/resolver.ts";
import type { HopAddress } from "./address.ts";

export type HopEndpoint =
  | { readonly type: "unix"; readonly path: string; readonly name: string }
  | {
    readonly type: "tcp";
    readonly at: Endpoint;
    /** The host's, which a certificate is to be for. */
    readonly name: string;
  };

/** What is said of an endpoint in messages. */
export const written = (endpoint: HopEndpoint): string =>
  endpoint.type === "unix"
    ? endpoint.path
    : endpoint.at.ip === endpoint.name
    ? `${endpoint.name} port ${endpoint.at.port}`
    : `${endpoint.name} (${endpoint.at.ip}) port ${endpoint.at.port}`;

/** Whether nobody else can listen on the way there. */
export const isThisMachine = (endpoint: HopEndpoint): boolean =>
  endpoint.type === "unix" || endpoint.at.ip === "::1" ||
  endpoint.at.ip.startsWith("127.");

/** As long as what the DNS said is believed; connections outlive it. */
const freshMs = 30_000;
/** More are not tried for one connection. */
const mostEndpoints = 16;

export class Endpoints {
  #known: readonly HopEndpoint[] = [];
  #knownAt = -Infinity;
  #looking: Promise<readonly HopEndpoint[]> | null = null;

  constructor(
    readonly addresses: readonly HopAddress[],
    readonly resolver: Resolver,
  ) {}

  /**
   * All that are known now; one lookup serves all who ask meanwhile.
   *
   * @throws Error if there is none, or it cannot be told for now
   */
  async current(): Promise<readonly HopEndpoint[]> {
    if (performance.now() - this.#knownAt < freshMs) return this.#known;
    this.#looking ??= this.#look().finally(() => this.#looking = null);
    return await this.#looking;
  }

  async #look(): Promise<readonly HopEndpoint[]> {
    const found: HopEndpoint[] = [];
    let failure = "";
    for (const address of this.addresses) {
      try {
        found.push(...await this.#behind(address));
      } catch (error) {
        failure ||= (error as Error).message;
      }
    }
    if (found.length === 0) throw new Error(failure);
    this.#known = found.slice(0, mostEndpoints);
    // What failed is asked again.
    if (failure === "") this.#knownAt = performance.now();
    return this.#known;
  }

  async #behind(address: HopAddress): Promise<HopEndpoint[]> {
    if (address.type === "unix") {
      return [{ ...address, name: "localhost" }];
    }
    const { host, port, byMx } = address;
    const hosts = byMx ? await this.#mailHosts(host) : [host];
    const found: HopEndpoint[] = [];
    let failure = "";
    for (const name of hosts) {
      try {
        for (const ip of await this.#addressesOf(name)) {
          found.push({ type: "tcp", at: { ip, port }, name });
        }
      } catch (error) {
        failure ||= (error as Error).message;
      }
    }
    if (found.length === 0) {
      throw new Error(failure || `${host} has no address`);
    }
    return found;
  }

  /** By preference, equal ones in no order (RFC 5321 5.1). */
  async #mailHosts(domain: string): Promise<string[]> {
    const lookup = await this.resolver(domain, "MX");
    if (lookup.type === "failed") {
      throw new Error(`${lookup.reason} (asked for the MX of ${domain})`);
    }
    if (lookup.type !== "found") return [domain];
    return lookup.records.map((record) => {
      const [preference, host] = record.split(" ");
      return { preference: Number(preference), chance: Math.random(), host };
    })
      .filter(({ host }) => host !== "." && host !== "") // RFC 7505
      .sort((a, b) => a.preference - b.preference || a.chance - b.chance)
      .map(({ host }) => host);
  }

  async #addressesOf(host: string): Promise<string[]> {
    if (isIP(host)) return [host];
    const local = inHostsFile(host);
    if (local.length > 0) return local;
    const [v4, v6] = await Promise.all([
      this.resolver(host, "A"),
      this.resolver(host, "AAAA"),
    ]);
    const found = [v4, v6].flatMap((lookup) =>
      lookup.type === "found" ? lookup.records.map(canonicalAddress) : []
    );
    if (found.length > 0) return found;
    for (const lookup of [v4, v6]) {
      if (lookup.type === "failed") {
        throw new Error(`${lookup.reason} (asked about ${host})`);
      }
    }
    throw new Error(`${host} has no address`);
  }
}
