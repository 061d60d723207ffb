/**
 * The kernel's form of an address, struct sockaddr_in and sockaddr_in6.
 *
 * @module
 */
import { addressOfBytes } from "../base/ip.ts";
import type { Endpoint } from "../base/endpoint.ts";
import { isIPv6 } from "node:net";
import { libc, SystemError } from "./libc.ts";
import { AF_INET, AF_INET6 } from "./numbers.ts";

const ENODEV = 19;
/** IF_NAMESIZE */
const interfaceNameBytes = 16;

/** What the longest of them takes: sockaddr_in6. */
export const addressBytes = 28;

/**
 * Writes one; the family is in host order, the port is not.
 *
 * @param ip with the interface of a link-local address behind a `%`
 * @throws SystemError ENODEV when there is no such interface
 */
export function encodeAddress(
  ip: string,
  port: number,
): Uint8Array<ArrayBuffer> {
  const v6 = isIPv6(ip);
  const [address, scope] = ip.split("%");
  const bytes = new Uint8Array(v6 ? addressBytes : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, v6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port, false);
  if (!v6) bytes.set(ip.split(".").map(Number), 4);
  else {
    const [head, tail] = address.split("::");
    const groups = (text: string | undefined) =>
      text ? text.split(":").map((group) => parseInt(group, 16)) : [];
    const left = groups(head), right = groups(tail);
    left.forEach((group, i) => view.setUint16(8 + 2 * i, group, false));
    right.forEach((group, i) =>
      view.setUint16(24 - 2 * right.length + 2 * i, group, false)
    );
  }
  if (scope !== undefined) view.setUint32(24, interfaceIndex(scope), true);
  return bytes;
}

/** Reads one that the kernel has written, of either family. */
export function decodeAddress(bytes: Uint8Array): Endpoint {
  const port = bytes[2] << 8 | bytes[3];
  if ((bytes[0] | bytes[1] << 8) === AF_INET) {
    return { ip: `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`, port };
  }
  const ip = addressOfBytes(bytes.subarray(8, 24));
  const scope = new DataView(bytes.buffer, bytes.byteOffset).getUint32(
    24,
    true,
  );
  return scope === 0
    ? { ip, port }
    : { ip, port, interface: interfaceName(scope) };
}

/** @throws SystemError ENODEV when there is no such interface */
export function interfaceIndex(scope: string): number {
  if (/^\d+$/.test(scope)) return Number(scope);
  const index = libc().if_nametoindex(new TextEncoder().encode(`${scope}\0`));
  if (index === 0) throw new SystemError("bind", ENODEV);
  return index;
}

/** The number itself when the interface has gone. */
export function interfaceName(index: number): string {
  const name = new Uint8Array(interfaceNameBytes);
  if (libc().if_indextoname(index, name) === null) return String(index);
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}
