/**
 * Whether a connection is let in: limits of its client, names and ident (all
 * at once), rules.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import { identify } from "../net/ident.ts";
import { LocalNames } from "../net/local_names.ts";
import { hostOf, leadsTo } from "../net/names.ts";
import { dnsResolver, type Resolver } from "../net/resolver.ts";
import { AccessRules } from "./access.ts";
import { ClientLimits } from "./client_limits.ts";
import type { GateOptions } from "./options.ts";
import type { Ends } from "./proxy.ts";

/**
 * tcpserver's `-t` is for ident only, its DNS takes up to a minute: so a small
 * one must not take the names away.
 */
const leastNameSeconds = 5;

/** What is known of a connection now, and whether it is let in. */
export interface Admitted {
  readonly connection: Connection;
  readonly verdict: Verdict;
}

export type Verdict =
  | { readonly type: "ok" }
  | { readonly type: "deny" }
  /** The rules cannot be read: nobody is let in. */
  | { readonly type: "drop"; readonly what: string; readonly why: string };

/** What is logged about a connection over a limit. */
export interface Excess {
  readonly what: string;
  readonly why: string;
}

type Names = readonly [
  localHost: string | null,
  remoteHost: string | null,
  remoteInfo: string | null,
];

export class Admission {
  readonly #rules: AccessRules;
  readonly #localNames: LocalNames;
  readonly #limits: ClientLimits;
  readonly #resolver: Resolver;

  constructor(readonly options: GateOptions) {
    this.#rules = new AccessRules(
      options.rules,
      options.allowMissingRules,
      options.classic,
    );
    this.#resolver = dnsResolver(
      Math.max(options.infoTimeoutSeconds, leastNameSeconds),
    );
    this.#localNames = new LocalNames(this.#resolver);
    this.#limits = new ClientLimits(options.perClient, options.rate);
  }

  /** Whether a PROXY header is to be read from this address. */
  isProxy(ip: string): boolean {
    return this.options.proxies?.has(ip) ?? false;
  }

  /**
   * Counts a client in, who must be counted out by {@linkcode leave}; or says
   * why not. A proxy's own connections (health checks, clients that it cannot
   * name) are nobody's excess.
   */
  enter({ remote: { ip }, byProxy }: Ends): Excess | null {
    if (byProxy) return null;
    const excess = this.#limits.enter(ip, performance.now());
    if (excess === null) return null;
    return { what: `too many connections from ${ip}`, why: excess };
  }

  leave({ remote: { ip }, byProxy }: Ends): void {
    if (!byProxy) this.#limits.leave(ip);
  }

  /** Decides at once where nobody has to be asked. */
  admit(ends: Ends): Admitted | Promise<Admitted> {
    const { localHost, remoteHost, infoTimeoutSeconds } = this.options;
    const { local, remote } = ends;
    // Its ident server knows nothing of the proxy's connection to us.
    const remoteInfo = this.options.remoteInfo && !ends.byHeader;
    if (localHost !== null && !remoteHost && !remoteInfo) {
      return this.#decide(ends, [localHost, null, null]);
    }
    return Promise.all([
      localHost ?? this.#localNames.of(local.ip),
      remoteHost ? this.#remoteName(remote.ip) : null,
      remoteInfo ? identify(local, remote, infoTimeoutSeconds) : null,
    ]).then((names) => this.#decide(ends, names));
  }

  #decide(
    { local, remote }: Ends,
    [localHost, remoteHost, remoteInfo]: Names,
  ): Admitted {
    const access = this.#rules.decide({
      ip: remote.ip,
      host: remoteHost,
      info: remoteInfo,
    });
    const connection = {
      local,
      remote,
      localHost,
      remoteHost,
      remoteInfo,
      variables: access.type === "allow" ? access.env : [],
      encrypted: false,
    };
    switch (access.type) {
      case "allow":
        return { connection, verdict: { type: "ok" } };
      case "deny":
        return { connection, verdict: { type: "deny" } };
      case "unreadable": {
        const what = `unable to read ${this.options.rules}`;
        const verdict = { type: "drop", what, why: access.reason } as const;
        return { connection, verdict };
      }
    }
  }

  async #remoteName(ip: string): Promise<string | null> {
    const name = await hostOf(ip, this.#resolver);
    if (name === null || !this.options.paranoid) return name;
    return await leadsTo(name, ip, this.#resolver) ? name : null;
  }
}
