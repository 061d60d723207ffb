/**
 * The UCSPI environment of a connection: the gate's own, then TCPREMOTEIP and
 * the like, then what the rules say. Everything is a byte string.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import type { Connection, Variable } from "../base/connection.ts";

export interface Environment extends Iterable<Variable> {
  get(name: string): string | undefined;
  has(name: string): boolean;
}

/** An environment that programs can be given. */
export interface ProgramEnvironment extends Environment {
  /** NAME=VALUE entries for an exec. */
  entries(): readonly string[];
}

/** Meant for us by who started us; see readiness.ts, worker_role.ts and
 * handed_text.ts. */
const notForPrograms = new Set([
  "LISTEN_FDNAMES",
  "LISTEN_FDS",
  "LISTEN_PID",
  "NOTIFY_SOCKET",
  "POSTERN_FILES",
  "POSTERN_LOG",
  "POSTERN_OPENED",
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

/** By ucspi-tcp's names and by ucspi-tcp6's, which are for IPv6 alone. */
const namesOfFacts = [
  ["TCPLOCALIP", "TCP6LOCALIP", (c: Connection) => c.local.ip],
  ["TCPLOCALPORT", "TCP6LOCALPORT", (c: Connection) => c.local.port],
  ["TCPLOCALHOST", "TCP6LOCALHOST", (c: Connection) => c.localHost],
  ["TCPREMOTEIP", "TCP6REMOTEIP", (c: Connection) => c.remote.ip],
  ["TCPREMOTEPORT", "TCP6REMOTEPORT", (c: Connection) => c.remote.port],
  ["TCPREMOTEHOST", "TCP6REMOTEHOST", (c: Connection) => c.remoteHost],
  ["TCPREMOTEINFO", "TCP6REMOTEINFO", (c: Connection) => c.remoteInfo],
] as const;

/** Everything that a connection sets, or that it must not inherit. */
const connectionNames: ReadonlySet<string> = new Set([
  "PROTO",
  "TCP6INTERFACE",
  ...namesOfFacts.flatMap(([name, name6]) => [name, name6]),
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
 * The environment that a program has for a connection: what is inherited, then
 * tcpserver's variables, then what the rules set. A fact that is not known is
 * not there; an empty one (`-l ""`, an ident server that tells no name) is set.
 * A client of IPv6 has PROTO=TCP6, and the same facts under ucspi-tcp6's names
 * too.
 *
 * It is put together when it is wanted: thousands of sessions wait, and each
 * would hold the whole of it.
 */
export class ConnectionEnvironment implements ProgramEnvironment {
  constructor(
    readonly inherited: InheritedEnvironment,
    readonly connection: Connection,
  ) {}

  get(name: string): string | undefined {
    const { variables } = this.connection;
    for (let i = variables.length - 1; i >= 0; i--) {
      if (variables[i][0] === name) return variables[i][1];
    }
    return connectionNames.has(name)
      ? facts(this.connection).find(([each]) => each === name)?.[1]
      : this.inherited.variables.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  *[Symbol.iterator](): Iterator<Variable> {
    const ours = new Map(facts(this.connection));
    for (const [name, value] of this.connection.variables) {
      ours.set(name, value);
    }
    for (const variable of this.inherited.variables) {
      if (!ours.has(variable[0])) yield variable;
    }
    yield* ours;
  }

  /** NAME=VALUE entries for an exec. */
  entries(): string[] {
    if (this.connection.variables.length > 0) return entries(this);
    const list = this.inherited.entries.slice();
    for (const [name, value] of facts(this.connection)) {
      list.push(`${name}=${value}`);
    }
    return list;
  }
}

function facts(connection: Connection): Variable[] {
  const v6 = connection.remote.ip.includes(":");
  const list: Variable[] = [["PROTO", v6 ? "TCP6" : "TCP"]];
  for (const [name, name6, of] of namesOfFacts) {
    const value = of(connection);
    if (value === null) continue;
    list.push([name, `${value}`]);
    if (v6) list.push([name6, `${value}`]);
  }
  const { interface: scope } = connection.remote;
  if (scope !== undefined) list.push(["TCP6INTERFACE", scope]);
  return list;
}

/**
 * The connection that an environment tells of: how a program learns who is at
 * its descriptors 0 and 1. An address that is not told is `unknown`.
 */
export function connectionOf(env: Pick<Environment, "get">): Connection {
  const end = (ip: string, port: string) => ({
    ip: env.get(ip) ?? "unknown",
    port: Number(env.get(port) ?? 0),
  });
  return {
    local: end("TCPLOCALIP", "TCPLOCALPORT"),
    remote: end("TCPREMOTEIP", "TCPREMOTEPORT"),
    localHost: env.get("TCPLOCALHOST") ?? null,
    remoteHost: env.get("TCPREMOTEHOST") ?? null,
    remoteInfo: env.get("TCPREMOTEINFO") ?? null,
    variables: [],
    encrypted: false,
  };
}

/**
 * A connection as a program would learn of it: rules may set TCPREMOTEHOST and
 * the like to something else.
 */
export function asRuled(connection: Connection): Connection {
  const { variables } = connection;
  if (!variables.some(([name]) => connectionNames.has(name))) return connection;
  const env = new ConnectionEnvironment(nothing, connection);
  const { encrypted } = connection;
  return { ...connectionOf(env), variables, encrypted };
}

const nothing = new InheritedEnvironment(new Map());

/** The same of any environment. */
export function entries(env: Iterable<Variable>) {
  return Array.from(env, ([name, value]) => `${name}=${value}`);
}

/** Our own environment as it is, for what runs in place of a program. */
export function asProgram(env: Map<string, string>): ProgramEnvironment {
  return {
    get: (name) => env.get(name),
    has: (name) => env.has(name),
    entries: () => entries(env),
    [Symbol.iterator]: () => env[Symbol.iterator](),
  };
}
