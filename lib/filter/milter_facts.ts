/**
 * What a milter is told beside commands and text: its macros, as Postfix names
 * and spreads them; and the connection. Pure.
 *
 * @module
 */
import { concat, toBytes } from "../base/bytes.ts";
import type { Connection } from "../base/connection.ts";
import type { TlsFacts } from "../base/stream.ts";
import { quotedAddress } from "../mail/address.ts";
import { number, strings } from "./milter_codec.ts";

/** By name; null for what is not known. */
export type Macros = Readonly<Record<string, string | null>>;

/** The data of the command that tells of a connection. */
export function connectionData(
  { remote, remoteHost }: Connection,
): Uint8Array<ArrayBuffer> {
  const { ip, port } = remote;
  const name = strings(remoteHost ?? `[${ip}]`);
  const family = ip.includes(":") ? "6" : /^[\d.]+$/.test(ip) ? "4" : "U";
  if (family === "U") return toBytes(name + family); // it came by a pipe
  return concat([
    toBytes(name + family),
    number(port, 16),
    toBytes(strings(ip)),
  ]);
}

export function connectionMacros(
  { remote, remoteHost, local }: Connection,
  me: string,
): Macros {
  const name = remoteHost ?? "unknown";
  return {
    j: me,
    "{daemon_name}": me,
    "{daemon_addr}": local.ip,
    "{daemon_port}": String(local.port),
    "{if_addr}": local.ip,
    v: "postern",
    _: `${name} [${remote.ip}]`,
    "{client_addr}": remote.ip,
    "{client_name}": name,
    "{client_port}": String(remote.port),
  };
}

export const tlsMacros = (tls: TlsFacts | null): Macros => ({
  "{tls_version}": tls?.version ?? null,
  "{cipher}": tls?.cipher ?? null,
});

/** @param mechanism by which he has logged in */
export function senderMacros(
  sender: string,
  user: string | null,
  mechanism: string | undefined,
): Macros {
  return {
    "{mail_addr}": quotedAddress(sender),
    "{auth_authen}": user,
    "{auth_type}": user === null ? null : mechanism ?? "PLAIN",
  };
}
