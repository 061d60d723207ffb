/**
 * Where a gate is to listen.
 *
 * @module
 */
import type { Endpoint } from "../base/endpoint.ts";
import type { GateOptions } from "../gate/options.ts";
import { isIPv4, isIPv6 } from "../base/ip.ts";
import { addressOf, inHostsFile } from "../net/names.ts";
import { servicePort } from "../net/services.ts";
import { RawListener } from "../sys/listener.ts";
import { attempt, fatal } from "./fatal.ts";

/** Where a gate's listening socket is from. */
export interface Place {
  readonly address: Endpoint;
  /** Whether other processes listen on the same address. */
  readonly shared: boolean;
  /** A listening socket that was handed to us (LISTEN_FDS); then no bind. */
  readonly descriptor: number | null;
  /** Whether we had bound that one ourselves, before an exec. */
  readonly isOurs?: boolean;
}

/** @throws Fatal */
export function listenAt(
  { address, shared, descriptor, isOurs }: Place,
  backlog: number,
): RawListener {
  return descriptor === null
    ? attempt("bind", () => RawListener.listen(address, backlog, shared))
    : attempt("use LISTEN_FDS", () => RawListener.inherit(descriptor, isOurs));
}

/** What HOST and PORT mean. Throws Fatal. */
export async function addressFor(options: GateOptions): Promise<Endpoint> {
  const port = servicePort(options.port);
  if (port === null) {
    throw fatal(`unable to figure out port number for ${options.port}`);
  }
  return { ip: await resolve(options), port };
}

/** Whether HOST is a name that this machine does not know by itself. */
export function asksDns({ host }: Pick<GateOptions, "host">): boolean {
  const literal = host.replace(/^\[(.*)\]$/, "$1").split("%")[0];
  return host !== "" && host !== "0" && !isIPv4(literal) && !isIPv6(literal) &&
    inHostsFile(host).length === 0;
}

async function resolve(
  { host, family, interface: scope }: GateOptions,
): Promise<string> {
  if (host === "" || host === "0") return family === "ipv6" ? "::" : "0.0.0.0";
  let ip;
  try {
    ip = await addressOf(host, family);
  } catch (error) {
    throw fatal(
      `temporarily unable to figure out IP address for ${host}`,
      error,
    );
  }
  if (ip === null) throw fatal(`no IP address for ${host}`);
  const linkLocal = /^fe[89ab]/.test(ip) && !ip.includes("%");
  return linkLocal && scope !== null ? `${ip}%${scope}` : ip;
}

/**
 * One a line, all at once: who waits for the first may be gone at the second.
 * As in tcpserver, a reader that has gone is no reason to stop.
 */
export function printPorts(all: readonly { readonly port: number }[]): void {
  try {
    console.log(all.map(({ port }) => port).join("\n"));
  } catch {
    // It has gone.
  }
}
