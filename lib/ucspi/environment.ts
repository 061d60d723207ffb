/**
 * The UCSPI environment of a connection: the gate's own, then TCPREMOTEIP and
 * the like, then what the rules say. Everything is a byte string.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import type { ConnectionFields } from "../log/tcpserver.ts";

export interface Environment extends Iterable<[name: string, value: string]> {
  get(name: string): string | undefined;
  has(name: string): boolean;
}

/** Meant for us by who started us; see readiness.ts, worker_role.ts and
 * handed_text.ts. */
const notForPrograms = new Set([
  "LISTEN_FDNAMES",
  "LISTEN_FDS",
  "LISTEN_PID",
  "NOTIFY_SOCKET",
  "POSTERN_TEXT",
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

/** What says who is connected, by ucspi-tcp's names and by ucspi-tcp6's. */
const ofConnection = [
  ["TCPLOCALIP", "TCP6LOCALIP", "localIp"],
  ["TCPLOCALPORT", "TCP6LOCALPORT", "localPort"],
  ["TCPLOCALHOST", "TCP6LOCALHOST", "localHost"],
  ["TCPREMOTEIP", "TCP6REMOTEIP", "remoteIp"],
  ["TCPREMOTEPORT", "TCP6REMOTEPORT", "remotePort"],
  ["TCPREMOTEHOST", "TCP6REMOTEHOST", "remoteHost"],
  ["TCPREMOTEINFO", "TCP6REMOTEINFO", "remoteInfo"],
] as const;

/** Everything that a connection sets, or that it must not inherit. */
const connectionNames: ReadonlySet<string> = new Set([
  "PROTO",
  "TCP6INTERFACE",
  ...ofConnection.flatMap(([name, name6]) => [name, name6]),
]);

/**
 * What all connections inherit: an environment without those variables of
 * tcpserver's that it had itself, so that a stale one never reaches a program.
 */
export class InheritedEnvironment {
  readonly variables: ReadonlyMap<string, string>;
  /** Put together once, not for each program. */
  readonly entries: readonly string[];

  constructor(own: Environment) {
    const kept = [...own].filter(([name]) => !connectionNames.has(name));
    this.variables = new Map(kept);
    this.entries = entries(kept);
  }
}

/**
 * tcpserver's variables over the inherited ones. One that is not known is not
 * there; an empty one (`-l ""`, an ident server that tells no name) is set. A
 * client of IPv6 has PROTO=TCP6, and the same facts under ucspi-tcp6's names
 * too.
 */
export function connectionEnvironment(
  inherited: InheritedEnvironment,
  fields: ConnectionFields,
  rules: readonly (readonly [name: string, value: string])[],
): ConnectionEnvironment {
  const v6 = fields.remoteIp.includes(":");
  const env = new ConnectionEnvironment(inherited);
  env.add("PROTO", v6 ? "TCP6" : "TCP");
  for (const [name, name6, field] of ofConnection) {
    const value = fields[field];
    if (value === null) continue;
    env.add(name, `${value}`);
    if (v6) env.add(name6, `${value}`);
  }
  if (fields.interface !== undefined) {
    env.add("TCP6INTERFACE", fields.interface);
  }
  for (const [name, value] of rules) env.set(name, value);
  return env;
}

/**
 * What one connection has over what all have. That is not copied: thousands of
 * sessions wait, and each would hold the whole of it. For so few names a
 * search is less than a Map, in memory and in time.
 */
export class ConnectionEnvironment implements Environment {
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  #hides = false;

  constructor(readonly inherited: InheritedEnvironment) {}

  /** Sets what nobody has set or inherited. */
  add(name: string, value: string): void {
    this.#names.push(name);
    this.#values.push(value);
  }

  set(name: string, value: string): void {
    const at = this.#names.indexOf(name);
    if (at >= 0) this.#values[at] = value;
    else {
      this.add(name, value);
      this.#hides ||= this.inherited.variables.has(name);
    }
  }

  get(name: string): string | undefined {
    const at = this.#names.indexOf(name);
    return at < 0 ? this.inherited.variables.get(name) : this.#values[at];
  }

  has(name: string): boolean {
    return this.#names.includes(name) || this.inherited.variables.has(name);
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (const entry of this.inherited.variables) {
      if (!this.#names.includes(entry[0])) yield entry;
    }
    for (const [i, name] of this.#names.entries()) {
      yield [name, this.#values[i]];
    }
  }

  /** NAME=VALUE entries for an exec. */
  entries(): string[] {
    if (this.#hides) return entries(this);
    const list = this.inherited.entries.slice();
    for (let i = 0; i < this.#names.length; i++) {
      list.push(`${this.#names[i]}=${this.#values[i]}`);
    }
    return list;
  }
}

/** The same of any environment. */
export function entries(env: Iterable<[name: string, value: string]>) {
  return Array.from(env, ([name, value]) => `${name}=${value}`);
}
