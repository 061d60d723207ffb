/**
 * A listening TCP socket whose connections are plain descriptors, so that a
 * child can be given the socket itself. Deno's own listener hides them.
 *
 * @module
 */
import { addressOfBytes } from "../base/ip.ts";
import { openDescriptors } from "./descriptors.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import { forget, readable } from "./readable.ts";
import { isIPv6 } from "node:net";
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EINTR,
  F_SETFL,
  MSG_NOSIGNAL,
  O_NONBLOCK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./numbers.ts";

const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const POLLRDHUP = 0x2000;
const IPPROTO_IP = 0;
const IP_OPTIONS = 4;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SHUT_RDWR = 2;
const ENODEV = 19;
/** Longest sockaddr used: sockaddr_in6. */
const addressBytes = 28;

/** What blocking calls fill; each result is read before the next call. */
const scratchAddress = new Uint8Array(addressBytes);
const scratchView = new DataView(scratchAddress.buffer);
const scratchLength = new Uint32Array(1);
const scratchLengthBytes = new Uint8Array(scratchLength.buffer);

export interface SocketAddress {
  readonly ip: string;
  readonly port: number;
  /** The name of a link-local IPv6 address's interface. */
  readonly interface?: string;
}

/** An accepted connection: the descriptor belongs to whoever holds this. */
export interface RawConnection {
  readonly fd: number;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
}

export class RawListener {
  #closed = false;
  readonly address: SocketAddress;
  /** What each connection's own end is; null if that is to be asked. */
  readonly #local: SocketAddress | null;

  /**
   * @param fd of a listening socket that does not block
   * @param isOurs whether we have bound it: one that was handed to us may be
   *   transparent (IP_TRANSPARENT), and take what is sent to others
   */
  private constructor(readonly fd: number, isOurs: boolean) {
    this.address = socketName(fd);
    const isOne = isOurs && !["0.0.0.0", "::"].includes(this.address.ip);
    this.#local = isOne ? this.address : null;
  }

  /**
   * Binds and listens. Errors come as SystemError whose message starts with
   * the call (`socket`, `bind`, `listen`).
   *
   * @param shared lets other processes of this user have the port too
   */
  static listen(
    at: SocketAddress,
    backlog: number,
    shared = false,
  ): RawListener {
    const fd = boundSocket(at, shared);
    try {
      check("listen", libc().listen(fd, backlog));
      return new RawListener(fd, true);
    } catch (error) {
      libc().close(fd);
      throw error;
    }
  }

  /**
   * For a listening socket that we were started with.
   *
   * @throws Error if it is something else
   */
  static inherit(fd: number): RawListener {
    const family = socketOption(fd, SO_DOMAIN);
    if (!isListening(fd) || (family !== AF_INET && family !== AF_INET6)) {
      throw new Error(`descriptor ${fd} is no listening socket`);
    }
    check("fcntl", libc().fcntl(fd, F_SETFL, O_NONBLOCK));
    return new RawListener(fd, false);
  }

  /** Waits until a connection may be there: false when it is closed. */
  async wait(): Promise<boolean> {
    if (!this.#closed) await readable(this.fd);
    if (this.#closed) libc().close(this.fd);
    return !this.#closed;
  }

  /**
   * The next waiting connection; null when there is none (any more).
   *
   * @throws SystemError, of one client or of all (accept(2))
   */
  accept(): RawConnection | null {
    while (!this.#closed) {
      scratchLength[0] = addressBytes;
      const fd = libc().accept4(
        this.fd,
        scratchAddress,
        scratchLengthBytes,
        SOCK_CLOEXEC,
      );
      if (fd >= 0) return connectionOf(fd, this.#local);
      const error = errno();
      if (error === EAGAIN) return null;
      if (error !== EINTR) throw new SystemError("accept", error);
    }
    return null;
  }

  /** Ends a pending {@linkcode wait}, which then closes the descriptor. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    forget(this.fd);
  }
}

/** Takes the client's address from the scratch that accept4 has filled. */
function connectionOf(
  fd: number,
  local: SocketAddress | null,
): RawConnection {
  try {
    const remote = writtenAddress();
    return { fd, local: local ?? socketName(fd), remote };
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** A port that is ours, though nobody listens on it through this. */
export class ReservedPort {
  readonly address: SocketAddress;

  /** Bound for as long as the process lives. Throws SystemError. */
  constructor(at: SocketAddress) {
    const { ip } = at;
    this.address = { ip, port: socketName(boundSocket(at, true)).port };
  }
}

function boundSocket({ ip, port }: SocketAddress, shared: boolean): number {
  const v6 = isIPv6(ip);
  const fd = check(
    "socket",
    libc().socket(
      v6 ? AF_INET6 : AF_INET,
      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
      0,
    ),
  );
  try {
    setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (shared) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (v6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    const address = encodeAddress(ip, port);
    check("bind", libc().bind(fd, address, address.length));
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/**
 * Ends a connection of this process that something else holds, both ways and
 * at once: whoever reads from it or writes to it is told.
 */
export function shutDown(local: SocketAddress, remote: SocketAddress): void {
  for (const fd of openDescriptors()) {
    if (!isSame(peerName(fd), remote)) continue;
    if (isSame(socketName(fd), local)) libc().shutdown(fd, SHUT_RDWR);
  }
}

/**
 * Gives a listening socket of this process that something else holds a queue
 * of this length: Linux lets listen(2) change it. Best effort.
 */
export function setBacklog(at: SocketAddress, backlog: number): void {
  for (const fd of openDescriptors()) {
    if (!isListening(fd) || !isSame(socketName(fd), at)) continue;
    libc().listen(fd, backlog);
  }
}

export function isSame(
  one: SocketAddress | null,
  other: SocketAddress,
): boolean {
  return one?.ip === other.ip && one.port === other.port;
}

const noOptions = new Uint8Array(1);

/** Forgets IP options of a connection, so that no source route answers. */
export function killIpOptions(fd: number): void {
  libc().setsockopt(fd, IPPROTO_IP, IP_OPTIONS, noOptions, 0);
}

export function setNoDelay(fd: number): void {
  setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

/**
 * Sends without waiting, which is enough for a few bytes to a new client.
 *
 * @throws SystemError when it has gone, or not all is taken (EAGAIN)
 */
export function sendNow(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const n = libc().send(fd, bytes, BigInt(bytes.length), flags);
  if (check("send", n) < bytes.length) throw new SystemError("send", EAGAIN);
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
  const n = Number(libc().recv(fd, buffer, BigInt(buffer.length), flags));
  if (n >= 0) return n;
  return errno() === EAGAIN || errno() === EINTR ? null : 0;
}

const pollfd = new Uint8Array(new ArrayBuffer(8));
const pollfdView = new DataView(pollfd.buffer);

/** Whether nothing more will arrive than what has; peek shows that no sooner. */
export function hasEnded(fd: number): boolean {
  pollfdView.setInt32(0, fd, true);
  pollfdView.setInt32(4, POLLRDHUP, true); // and no result yet
  return libc().poll(pollfd, 1n, 0) > 0;
}

/** Takes bytes that {@linkcode peek} has shown. */
export function skip(fd: number, count: number): void {
  libc().recv(fd, new Uint8Array(count), BigInt(count), MSG_DONTWAIT);
}

function setOption(fd: number, level: number, name: number, value: number) {
  scratchView.setInt32(0, value, true);
  libc().setsockopt(fd, level, name, scratchAddress, 4);
}

/** A number that a socket has at SOL_SOCKET; null if it has none. */
function socketOption(fd: number, name: number): number | null {
  scratchLength[0] = 4;
  const result = libc().getsockopt(
    fd,
    SOL_SOCKET,
    name,
    scratchAddress,
    scratchLengthBytes,
  );
  if (result < 0) return null;
  return scratchView.getInt32(0, true);
}

/** Whether a descriptor is a listening socket; any number may be asked for. */
export const isListening = (fd: number): boolean =>
  socketOption(fd, SO_ACCEPTCONN) === 1;

export function socketName(fd: number): SocketAddress {
  scratchLength[0] = addressBytes;
  check(
    "getsockname",
    libc().getsockname(fd, scratchAddress, scratchLengthBytes),
  );
  return writtenAddress();
}

/** null for what is no connection by IP. */
function peerName(fd: number): SocketAddress | null {
  scratchLength[0] = addressBytes;
  const result = libc().getpeername(fd, scratchAddress, scratchLengthBytes);
  if (result !== 0) return null;
  const family = scratchAddress[0];
  return family === AF_INET || family === AF_INET6 ? writtenAddress() : null;
}

/** struct sockaddr_in / sockaddr_in6 of Linux: family is host order. */
export function encodeAddress(
  ip: string,
  port: number,
): Uint8Array<ArrayBuffer> {
  const v6 = isIPv6(ip);
  const [address, scope] = ip.split("%");
  const bytes = new Uint8Array(v6 ? 28 : 16);
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

function interfaceIndex(scope: string): number {
  if (/^\d+$/.test(scope)) return Number(scope);
  const index = libc().if_nametoindex(new TextEncoder().encode(`${scope}\0`));
  if (index === 0) throw new SystemError("bind", ENODEV);
  return index;
}

function interfaceName(index: number): string {
  const name = new Uint8Array(16); // IF_NAMESIZE
  if (libc().if_indextoname(index, name) === null) return String(index);
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

/** The address that the last call has written. */
function writtenAddress(): SocketAddress {
  const bytes = scratchAddress;
  const port = scratchView.getUint16(2, false);
  if (scratchView.getUint16(0, true) === AF_INET) {
    const ip = `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`;
    return { ip, port };
  }
  const ip = addressOfBytes(bytes.subarray(8, 24));
  const scope = scratchView.getUint32(24, true);
  return scope === 0 ? { ip, port } : {
    ip,
    port,
    interface: interfaceName(scope),
  };
}
