/**
 * What is asked of a socket, or told to it, at once.
 *
 * @module
 */
import type { Endpoint } from "../base/endpoint.ts";
import { addressBytes, decodeAddress } from "./address.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EINTR,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SOL_SOCKET,
} from "./numbers.ts";

const SO_ACCEPTCONN = 30;
const MSG_PEEK = 2;
const IPPROTO_IP = 0;
const IP_OPTIONS = 4;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_QUICKACK = 12;

/** What a call fills; each result is read before the next call. */
const scratch = new Uint8Array(addressBytes);
const scratchView = new DataView(scratch.buffer);
const scratchLength = new Uint32Array(1);
const scratchLengthBytes = new Uint8Array(scratchLength.buffer);

const noOptions = new Uint8Array(1);
const SHUT_WR = 1;

/** Where what nobody wants to know goes. */
const waste = new Uint8Array(new ArrayBuffer(4096));

/** Forgets IP options of a connection, so that no source route answers. */
export function killIpOptions(fd: number): void {
  libc().setsockopt(fd, IPPROTO_IP, IP_OPTIONS, noOptions, 0);
}

export function setNoDelay(fd: number): void {
  setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

/**
 * Acknowledges what has come, for a peer that waits for that (Nagle's
 * algorithm) before it sends more. It holds for what has come so far.
 */
export function acknowledgeNow(fd: number): void {
  setOption(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
}

/**
 * Sends without waiting, which is enough for a few bytes to a new client.
 *
 * @throws SystemError when it has gone, or not all is taken (EAGAIN)
 */
export function sendNow(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const n = libc().send(fd, bytes, bytes.length, flags);
  if (check("send", n) < bytes.length) throw new SystemError("send", EAGAIN);
}

/** Ends our direction of a connection; of anything else nothing. */
export function endWriting(fd: number): void {
  libc().shutdown(fd, SHUT_WR);
}

/** Throws away what has arrived by now, but no more than so many bytes. */
export function drain(fd: number, mostBytes: number): void {
  const { length } = waste;
  for (let left = mostBytes; left > 0; left -= length) {
    if (libc().recv(fd, waste, length, MSG_DONTWAIT) < length) return;
  }
}

/**
 * Bytes that have arrived, left where they are.
 *
 * @returns their number, 0 at the end, null when there are none yet
 */
export function peek(
  fd: number,
  buffer: Uint8Array<ArrayBuffer>,
): number | null {
  const flags = MSG_PEEK | MSG_DONTWAIT;
  const n = libc().recv(fd, buffer, buffer.length, flags);
  if (n >= 0) return n;
  return errno() === EAGAIN || errno() === EINTR ? null : 0;
}

/** Takes bytes that {@linkcode peek} has shown. */
export function skip(fd: number, count: number): void {
  libc().recv(fd, new Uint8Array(count), count, MSG_DONTWAIT);
}

export function setOption(
  fd: number,
  level: number,
  name: number,
  value: number,
) {
  scratchView.setInt32(0, value, true);
  libc().setsockopt(fd, level, name, scratch, 4);
}

/** A number that a socket has at SOL_SOCKET; null if it has none. */
export function socketOption(fd: number, name: number): number | null {
  scratchLength[0] = 4;
  const result = libc().getsockopt(
    fd,
    SOL_SOCKET,
    name,
    scratch,
    scratchLengthBytes,
  );
  if (result < 0) return null;
  return scratchView.getInt32(0, true);
}

/** Whether a descriptor is a listening socket; any number may be asked for. */
export const isListening = (fd: number): boolean =>
  socketOption(fd, SO_ACCEPTCONN) === 1;

/** The other end; null if there is none, or none with an address. */
export function peerName(fd: number): Endpoint | null {
  scratchLength[0] = addressBytes;
  const result = libc().getpeername(fd, scratch, scratchLengthBytes);
  const family = scratch[0] | scratch[1] << 8;
  const isIp = family === AF_INET || family === AF_INET6;
  return result === 0 && isIp ? decodeAddress(scratch) : null;
}

export function socketName(fd: number): Endpoint {
  scratchLength[0] = addressBytes;
  check(
    "getsockname",
    libc().getsockname(fd, scratch, scratchLengthBytes),
  );
  return decodeAddress(scratch);
}
