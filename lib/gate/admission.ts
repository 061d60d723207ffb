/**
 * What tcpserver does between accept and exec: names and ident (here all at
 * once), environment, rules.
 *
 * @module
 */
import type { ConnectionFields } from "../log/tcpserver.ts";
import { hostOf, leadsTo } from "../net/names.ts";
import { identify } from "../net/ident.ts";
import { dnsResolver, type Resolver } from "../net/resolver.ts";
import type { SocketAddress } from "../sys/listener.ts";
import { matchSubnets } from "../base/ip.ts";
import { AccessRules } from "./access.ts";
import { ClientLimits } from "./client_limits.ts";
import {
  type ConnectionEnvironment,
  connectionEnvironment,
  InheritedEnvironment,
  ownEnvironment,
} from "../ucspi/environment.ts";
import type { GateLog } from "./log.ts";
import { LocalNames } from "../net/local_names.ts";
import type { GateOptions } from "./options.ts";
import type { Ends } from "./proxied.ts";

/** Raw wait statuses of a child that refused: exit 100 and exit 111. */
export const deniedStatus = 100 << 8;
export const droppedStatus = 111 << 8;

/** What a client over its limit is told, if anything (RFC 5321 3.8). */
export const busyReply = "421 4.7.0 too many connections, try again later\r\n";

/**
 * tcpserver's `-t` is for ident only, its DNS takes up to a minute: so a small
 * one must not take the names away.
 */
const leastNameSeconds = 5;

/**
 * An allowed connection has an environment. A refused one has the wait status
 * of tcpserver's child, and `report` logs why under the number it was given.
 */
export type Admitted =
  | { fields: ConnectionFields; env: ConnectionEnvironment }
  | {
    fields: ConnectionFields;
    env: null;
    waitStatus: number;
    report: (number: number) => void;
  };

/** What is logged about a connection over a limit. */
interface Excess {
  readonly what: string;
  readonly why: string;
}

export class Admission {
  readonly #inherited = new InheritedEnvironment(ownEnvironment());
  readonly #rules: AccessRules;
  readonly #localNames: LocalNames;
  readonly #limits: ClientLimits;
  readonly #resolver: Resolver;

  constructor(readonly options: GateOptions, readonly log: GateLog) {
    this.#rules = new AccessRules(options.rules, options.allowMissingRules);
    this.#resolver = dnsResolver(
      Math.max(options.infoTimeoutSeconds, leastNameSeconds),
    );
    this.#localNames = new LocalNames(this.#resolver);
    this.#limits = new ClientLimits(options.perClient, options.rate);
  }

  /** Whether a PROXY header is to be read from this address. */
  isProxy(ip: string): boolean {
    const { proxies } = this.options;
    return proxies.length > 0 && matchSubnets(ip, proxies);
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
  admit(
    { local, remote, byHeader }: Ends,
  ): Admitted | Promise<Admitted> {
    const { localHost, remoteHost, infoTimeoutSeconds } = this.options;
    // Its ident server knows nothing of the proxy's connection to us.
    const remoteInfo = this.options.remoteInfo && !byHeader;
    if (localHost !== null && !remoteHost && !remoteInfo) {
      return this.#decide(local, remote, [localHost, null, null]);
    }
    return Promise.all([
      localHost ?? this.#localNames.of(local.ip),
      remoteHost ? this.#remoteName(remote.ip) : null,
      remoteInfo ? identify(local, remote, infoTimeoutSeconds) : null,
    ]).then((names) => this.#decide(local, remote, names));
  }

  #decide(
    local: SocketAddress,
    remote: SocketAddress,
    [localHost, remoteHost, remoteInfo]: readonly (string | null)[],
  ): Admitted {
    const fields: ConnectionFields = {
      localHost,
      localIp: local.ip,
      localPort: local.port,
      remoteHost,
      remoteIp: remote.ip,
      remoteInfo,
      remotePort: remote.port,
      interface: remote.interface,
    };
    const access = this.#rules.decide({
      ip: fields.remoteIp,
      host: fields.remoteHost,
      info: fields.remoteInfo,
    });
    switch (access.type) {
      case "allow":
        return {
          fields,
          env: connectionEnvironment(this.#inherited, fields, access.env),
        };
      case "deny":
        return {
          fields,
          env: null,
          waitStatus: deniedStatus,
          report: (number) => this.log.verdict("deny", number, fields),
        };
      case "unreadable":
        return {
          fields,
          env: null,
          waitStatus: droppedStatus,
          report: () =>
            this.log.dropping(
              `unable to read ${this.options.rules}`,
              access.reason,
            ),
        };
    }
  }

  async #remoteName(ip: string): Promise<string | null> {
    const name = await hostOf(ip, this.#resolver);
    if (name === null || !this.options.paranoid) return name;
    return await leadsTo(name, ip, this.#resolver) ? name : null;
  }
}
