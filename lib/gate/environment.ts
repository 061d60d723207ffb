/**
 * The UCSPI environment of a connection: the gate's own, then TCPREMOTEIP and
 * the like, then what the rules say. Everything is a byte string.
 *
 * @module
 */
import { fromBytes } from "../bytes.ts";
import type { ConnectionFields } from "../log/tcpserver.ts";

export interface Environment extends Iterable<[name: string, value: string]> {
  get(name: string): string | undefined;
  has(name: string): boolean;
}

/** Meant for us by who started us; see readiness.ts and worker_role.ts. */
const notForPrograms = new Set([
  "LISTEN_FDNAMES",
  "LISTEN_FDS",
  "LISTEN_PID",
  "NOTIFY_SOCKET",
  "POSTERN_WORKER",
]);

/**
 * Our own environment, byte for byte (Deno.env would decode it), without what
 * a supervisor meant for us alone.
 */
export function ownEnvironment(): Map<string, string> {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync("/proc/self/environ");
  } catch {
    return new Map(Object.entries(Deno.env.toObject())); // there is no /proc
  }
  const env = new Map<string, string>();
  for (const entry of fromBytes(bytes).split("\0")) {
    const equals = entry.indexOf("=");
    const name = entry.slice(0, equals);
    if (equals <= 0 || notForPrograms.has(name)) continue;
    env.set(name, entry.slice(equals + 1));
  }
  return env;
}

/**
 * tcpserver's variables over the inherited ones. One that is not known is
 * removed, so that a stale one never reaches the program; an empty one (`-l ""`,
 * an ident server that tells no name) is set. A client of IPv6
 * has PROTO=TCP6, and the same facts under ucspi-tcp6's names too.
 */
export function connectionEnvironment(
  own: Environment,
  fields: ConnectionFields,
  rules: readonly (readonly [name: string, value: string])[],
): Environment {
  const env = new ChangedEnvironment(own);
  const v6 = fields.remoteIp.includes(":");
  const both = (name: string, value: string | null) => {
    env.set(`TCP${name}`, value);
    env.set(`TCP6${name}`, v6 ? value : null);
  };
  env.set("PROTO", v6 ? "TCP6" : "TCP");
  both("LOCALIP", fields.localIp);
  both("LOCALPORT", String(fields.localPort));
  both("LOCALHOST", fields.localHost);
  both("REMOTEIP", fields.remoteIp);
  both("REMOTEPORT", String(fields.remotePort));
  both("REMOTEHOST", fields.remoteHost);
  both("REMOTEINFO", fields.remoteInfo);
  env.set("TCP6INTERFACE", fields.interface ?? null);
  for (const [name, value] of rules) env.set(name, value);
  return env;
}

/**
 * Changes to an environment that all connections share. It is not copied:
 * thousands of sessions wait, and each would hold the whole of it.
 */
class ChangedEnvironment implements Environment {
  /** null where a variable is removed. */
  readonly #changes = new Map<string, string | null>();

  constructor(readonly base: Environment) {}

  set(name: string, value: string | null): void {
    if (value !== null || this.base.has(name)) this.#changes.set(name, value);
  }

  get(name: string): string | undefined {
    const changed = this.#changes.get(name);
    return changed === undefined ? this.base.get(name) : changed ?? undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (const entry of this.base) {
      if (!this.#changes.has(entry[0])) yield entry;
    }
    for (const [name, value] of this.#changes) {
      if (value !== null) yield [name, value];
    }
  }
}

/** NAME=VALUE entries for an exec. */
export function entries(env: Environment): string[] {
  const list: string[] = [];
  for (const [name, value] of env) list.push(`${name}=${value}`);
  return list;
}
