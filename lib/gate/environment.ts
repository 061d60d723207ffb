/**
 * The UCSPI environment of a connection: the gate's own, then TCPREMOTEIP and
 * the like, then what the rules say. Everything is a byte string.
 *
 * @module
 */
import { fromBytes } from "../bytes.ts";
import type { ConnectionFields } from "../log/tcpserver.ts";

export type Environment = ReadonlyMap<string, string>;

/** Our own environment, byte for byte; Deno.env would decode it. */
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
    if (equals > 0) env.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return env;
}

/**
 * tcpserver's variables over the inherited ones. One without a value is
 * removed, so that a stale one never reaches the program.
 */
export function connectionEnvironment(
  own: Environment,
  fields: ConnectionFields,
  rules: readonly (readonly [name: string, value: string])[],
): Map<string, string> {
  const env = new Map(own);
  const set = (name: string, value: string) => {
    if (value === "") env.delete(name);
    else env.set(name, value);
  };
  env.set("PROTO", "TCP");
  set("TCPLOCALIP", fields.localIp);
  set("TCPLOCALPORT", String(fields.localPort));
  set("TCPLOCALHOST", fields.localHost);
  set("TCPREMOTEIP", fields.remoteIp);
  set("TCPREMOTEPORT", String(fields.remotePort));
  set("TCPREMOTEHOST", fields.remoteHost);
  set("TCPREMOTEINFO", fields.remoteInfo);
  for (const [name, value] of rules) env.set(name, value);
  return env;
}

/** NAME=VALUE entries for an exec. */
export function entries(env: Environment): string[] {
  const list: string[] = [];
  for (const [name, value] of env) list.push(`${name}=${value}`);
  return list;
}
