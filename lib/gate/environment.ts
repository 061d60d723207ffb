/**
 * The UCSPI environment of a connection: the gate's own, then TCPREMOTEIP and
 * the like, then what the rules say. Everything is a byte string.
 *
 * @module
 */
import { fromBytes } from "../bytes.ts";
import type { ConnectionFields } from "../log/tcpserver.ts";

export type Environment = ReadonlyMap<string, string>;

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
): Map<string, string> {
  const env = new Map(own);
  const set = (name: string, value: string | null) => {
    if (value === null) env.delete(name);
    else env.set(name, value);
  };
  const v6 = fields.remoteIp.includes(":");
  const both = (name: string, value: string | null) => {
    set(`TCP${name}`, value);
    set(`TCP6${name}`, v6 ? value : null);
  };
  env.set("PROTO", v6 ? "TCP6" : "TCP");
  both("LOCALIP", fields.localIp);
  both("LOCALPORT", String(fields.localPort));
  both("LOCALHOST", fields.localHost);
  both("REMOTEIP", fields.remoteIp);
  both("REMOTEPORT", String(fields.remotePort));
  both("REMOTEHOST", fields.remoteHost);
  both("REMOTEINFO", fields.remoteInfo);
  set("TCP6INTERFACE", fields.interface ?? null);
  for (const [name, value] of rules) env.set(name, value);
  return env;
}

/** NAME=VALUE entries for an exec. */
export function entries(env: Environment): string[] {
  const list: string[] = [];
  for (const [name, value] of env) list.push(`${name}=${value}`);
  return list;
}
