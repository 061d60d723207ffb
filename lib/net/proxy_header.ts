/**
 * The PROXY protocol's header, versions 1 and 2 (HAProxy's
 * proxy-protocol.txt). Pure: bytes in, addresses out.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import {
  addressOfBytes,
  canonicalAddress,
  isIPv4,
  isIPv6,
} from "../base/ip.ts";
import type { Endpoint } from "../base/endpoint.ts";

/** What came first on a connection from a trusted proxy. */
export type ProxyHeader =
  /** More bytes are needed to tell. */
  | { type: "incomplete" }
  | { type: "invalid" }
  /** The proxy speaks for itself (a health check): its own address counts. */
  | { type: "local"; length: number }
  | {
    type: "proxied";
    length: number;
    remote: Endpoint;
    local: Endpoint;
  };

/** Section 2.1: the longest line there can be, CRLF included. */
const v1Bytes = 107;
/** Section 2.2: signature, version and command, family, length. */
const v2HeaderBytes = 16;
const v2Signature = "\r\n\r\n\0\r\nQUIT\n";
/** Addresses and extensions (TLVs), which may hold a chain of certificates. */
const v2LengthLimit = 32768;
export const proxyHeaderLimit = v2HeaderBytes + v2LengthLimit;

const invalid: ProxyHeader = { type: "invalid" };
const incomplete: ProxyHeader = { type: "incomplete" };

export function parseProxyHeader(bytes: Uint8Array): ProxyHeader {
  const start = fromBytes(bytes.subarray(0, v1Bytes));
  if (start.startsWith(v2Signature)) return parseV2(bytes);
  if (start.startsWith("PROXY ")) return parseV1(start);
  return v2Signature.startsWith(start) || "PROXY ".startsWith(start)
    ? incomplete
    : invalid;
}

function parseV1(text: string): ProxyHeader {
  const end = text.indexOf("\r\n");
  if (end < 0) return text.length < v1Bytes ? incomplete : invalid;
  const length = end + 2;
  const fields = text.slice("PROXY ".length, end).split(" ");
  if (fields[0] === "UNKNOWN") return { type: "local", length };
  const [family, remoteIp, localIp, remotePort, localPort] = fields;
  const isAddress = { TCP4: isIPv4, TCP6: isIPv6 }[family];
  if (fields.length !== 5 || !isAddress) return invalid;
  const remote = endpoint(remoteIp, remotePort, isAddress);
  const local = endpoint(localIp, localPort, isAddress);
  if (!remote || !local) return invalid;
  return { type: "proxied", length, remote, local };
}

function endpoint(
  ip: string,
  port: string,
  isAddress: (text: string) => boolean,
): Endpoint | null {
  if (!isAddress(ip) || ip.includes("%")) return null;
  if (!/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65535) return null;
  return { ip: canonicalAddress(ip), port: Number(port) };
}

function parseV2(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < v2HeaderBytes) return incomplete;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[12] >> 4, command = bytes[12] & 15;
  const family = bytes[13], bodyBytes = view.getUint16(14);
  if (version !== 2 || command > 1 || bodyBytes > v2LengthLimit) return invalid;
  const length = v2HeaderBytes + bodyBytes;
  if (bytes.length < length) return incomplete;
  // TCP over IPv4 and over IPv6; whatever else is nobody's address.
  const size = { 0x11: 4, 0x21: 16 }[family];
  if (command === 0 || size === undefined) return { type: "local", length };
  if (bodyBytes < 2 * size + 4) return invalid;
  const at = v2HeaderBytes;
  const address = (offset: number) =>
    addressOfBytes(bytes.subarray(at + offset, at + offset + size));
  return {
    type: "proxied",
    length,
    remote: { ip: address(0), port: view.getUint16(at + 2 * size) },
    local: { ip: address(size), port: view.getUint16(at + 2 * size + 2) },
  };
}
