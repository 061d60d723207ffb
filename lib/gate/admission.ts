/**
 * Whether a connection is let in: limits of its client, names and ident (all
 * at once), rules. A name that nobody has confirmed lets no client relay.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import { type Emit, trouble } from "../base/events.ts";
import { printable } from "../base/foreign_text.ts";
import {
  type Decision,
  type Peer,
  relays,
  relaysByName,
} from "../rules/lookup.ts";
import { identify } from "../net/ident.ts";
import { LocalNames } from "../net/local_names.ts";
import { hostOf, leadsTo, whyNotLeadingTo } from "../net/names.ts";
import { dnsResolver, type Resolver } from "../net/resolver.ts";
import { type Access, AccessRules } from "./access.ts";
import { ClientLimits } from "./client_limits.ts";
import { hasRoom, type Room, type Standing } from "./client_share.ts";
import type { GateOptions } from "./options.ts";
import type { Ends } from "./proxy.ts";

/**
 * tcpserver's `-t` is for ident only, its DNS takes up to a minute: so a small
 * one must not take the names away.
 */
const leastNameSeconds = 5;
const endlessRoom: Room = { active: 0, limit: Infinity };
/** As much of a rule as is told. */
const ruleLimit = 300;

/** What is known of a connection now, and whether it is let in. */
export interface Admitted {
  readonly connection: Connection;
  readonly verdict: Verdict;
  /** Which of the access rules denies. */
  readonly rule?: string | null;
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
  /** Of a share: it may be over in a moment. */
  readonly isOfShare?: true;
}

type Names = readonly [
  localHost: string | null,
  remoteHost: string | null,
  remoteInfo: string | null,
];

export class Admission {
  readonly rules: AccessRules;
  readonly #localNames: LocalNames;
  readonly #limits: ClientLimits;
  readonly #resolver: Resolver;

  constructor(readonly options: GateOptions, readonly emit: Emit = () => {}) {
    const path = options.rules;
    this.rules = new AccessRules(
      path,
      options.allowMissingRules,
      options.classic,
      () => emit({ type: "rules.read", path: path! }),
    );
    this.#resolver = dnsResolver(
      Math.max(options.infoTimeoutSeconds, leastNameSeconds),
    );
    this.#localNames = new LocalNames(this.#resolver);
    const { perClient, rate, classic } = options;
    const isShared = perClient === null && !classic;
    this.#limits = new ClientLimits(perClient || null, rate, isShared);
  }

  /** Whether a PROXY header is to be read from this address. */
  isProxy(ip: string): boolean {
    return this.options.proxies?.has(ip) ?? false;
  }

  /**
   * Counts a client in, who must be counted out by {@linkcode leave}; or says
   * why not. A proxy's own connections (health checks, clients that it cannot
   * name) are nobody's excess.
   *
   * @param room of which it may have a share
   */
  enter(ends: Ends, room = endlessRoom): Excess | null {
    if (ends.byProxy) return null;
    const { ip } = ends.remote;
    let isOfShare = false;
    const why = this.#limits.enter(ip, performance.now(), (held) => {
      const enough = hasRoom(held, room, () => this.#standingOf(ends));
      isOfShare = !enough;
      return enough;
    });
    if (why === null) return null;
    const what = `too many connections from ${ip}`;
    return isOfShare ? { what, why, isOfShare } : { what, why };
  }

  /** By its address alone: names are looked up for those that are let in. */
  #standingOf({ local, remote }: Ends): Standing {
    const peer = { ip: remote.ip, host: null, info: null };
    const access = this.rules.decide(peer);
    if (access.type !== "unreadable" && relays(access)) return "relay";
    return remote.ip === local.ip ? "machine" : "stranger";
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

  #decide(ends: Ends, names: Names): Admitted | Promise<Admitted> {
    const [, host, info] = names;
    const peer = { ip: ends.remote.ip, host, info };
    const access = this.rules.decide(peer);
    return this.#wantsProof(access)
      ? this.#prove(peer, access).then((proved) =>
        this.#admitted(ends, names, proved)
      )
      : this.#admitted(ends, names, access);
  }

  /** tcpserver believes a name unless told not to; paranoid, it has asked. */
  #wantsProof(access: Access): access is Decision {
    const { classic, paranoid } = this.options;
    return !classic && !paranoid && access.type === "allow" &&
      relaysByName(access);
  }

  /**
   * Decides about a client that may relay for its name, once it is known
   * whether the name is its own. The rules may be others by then.
   */
  async #prove(peer: Peer, { rule }: Decision): Promise<Access> {
    const { ip, host } = peer;
    const why = await whyNotLeadingTo(host!, ip, this.#resolver);
    if (why !== null) {
      this.emit(trouble(
        `rule ${printable(rule!, ruleLimit)} passed over for ${ip}: ` +
          `RELAYCLIENT wants a name that is confirmed (${why})`,
      ));
    }
    return this.rules.decide(peer, why === null);
  }

  #admitted(
    { local, remote }: Ends,
    [localHost, remoteHost, remoteInfo]: Names,
    access: Access,
  ): Admitted {
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
        return { connection, verdict: { type: "deny" }, rule: access.rule };
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
