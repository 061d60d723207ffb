/**
 * Where a next hop is, as an administrator writes it.
 *
 * @module
 */
import { isIP } from "node:net";
import { canonicalAddress } from "../base/ip.ts";

export type HopAddress =
  | { readonly type: "unix"; readonly path: string }
  | {
    readonly type: "host";
    /** A name, or an address. */
    readonly host: string;
    readonly port: number;
    /** Whether the hosts count that its MX records name, if there are any. */
    readonly byMx: boolean;
  };

const smtpPort = 25;

/** RFC 1123 2.1, and the underscores that are seen. */
const hostName =
  /^(?=.{1,253}$)[a-z\d_](?:[\w-]{0,62})(?:\.[a-z\d_][\w-]{0,62})*\.?$/i;

/**
 * Reads `HOST[:PORT]`, where an IPv6 address stands in brackets, and a name in
 * brackets is that host itself; with a comma between several.
 *
 * @throws Error that says what is wrong
 */
export function smtpAddresses(text: string): HopAddress[] {
  return listed(text).map((each) => hostIn(each, smtpPort));
}

/**
 * Reads `HOST:PORT` and `unix:PATH`; with a comma between several.
 *
 * @throws Error that says what is wrong
 */
export function lmtpAddresses(text: string): HopAddress[] {
  return listed(text).map((each) => {
    if (each.startsWith("/")) throw new Error(`wants unix:${each}`);
    if (!each.startsWith("unix:")) return hostIn(each, null);
    const path = each.slice("unix:".length);
    if (path === "") throw new Error("a path is wanted after unix:");
    return { type: "unix", path };
  });
}

function listed(text: string): string[] {
  const all = text.split(",").map((each) => each.trim());
  if (all.includes("")) throw new Error("a host is wanted");
  return all;
}

/** @param usual the port where none is given; null: one is wanted */
function hostIn(text: string, usual: number | null): HopAddress {
  const found = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text);
  const literal = found?.[1], name = found?.[2], digits = found?.[3];
  const host = literal ?? name ?? "";
  const isAddress = isIP(host) !== 0;
  if (!found) {
    const hint = isIP(text) === 6 ? ": an IPv6 address stands in brackets" : "";
    throw new Error(`${JSON.stringify(text)} is no HOST:PORT${hint}`);
  }
  const looksLikeAddress = /^[\d.]*$/.test(host);
  if (!isAddress && (looksLikeAddress || !hostName.test(host))) {
    throw new Error(`${JSON.stringify(host)} is no host`);
  }
  const port = digits === undefined ? usual : Number(digits);
  if (port === null) throw new Error(`a port is wanted: ${text}:24`);
  if (port < 1 || port > 65535) throw new Error(`no port is ${port}`);
  return {
    type: "host",
    host: isAddress ? canonicalAddress(host) : host.replace(/\.$/, ""),
    port,
    byMx: digits === undefined && literal === undefined && !isAddress,
  };
}
