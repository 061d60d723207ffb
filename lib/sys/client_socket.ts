/**
 * Sockets that ask others, for what Deno's own cannot do: choose the local
 * address, and hear that a UDP peer is not there. They wait on the event loop,
 * each time until the end that the caller gives, on performance.now()'s clock.
 *
 * @module
 */
import type { Endpoint } from "../base/endpoint.ts";
import { isIPv6 } from "node:net";
import { encodeAddress } from "./address.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EINTR,
  MSG_NOSIGNAL,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from "./numbers.ts";
import { readable, writable } from "./readable.ts";
import { socketOption } from "./socket.ts";

const EINPROGRESS = 115;
const ENAMETOOLONG = 36;
const AF_UNIX = 1;
const SO_ERROR = 4;
/** Of sockaddr_un, its ending NUL included. */
const pathBytes = 108;

const kinds = { tcp: SOCK_STREAM, udp: SOCK_DGRAM };

export class ClientSocket {
  private constructor(readonly fd: number) {}

  /**
   * Starts to connect.
   *
   * @param from a local address to bind to, if it matters
   * @throws SystemError
   */
  static connect(
    kind: keyof typeof kinds,
    to: Endpoint,
    from: Endpoint | null = null,
  ): ClientSocket {
    const family = isIPv6(to.ip) ? AF_INET6 : AF_INET;
    const type = kinds[kind] | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = check("socket", libc().socket(family, type, 0));
    try {
      if (from) {
        const address = encodeAddress(scoped(from), from.port);
        check("bind", libc().bind(fd, address, address.length));
      }
      const address = encodeAddress(scoped(to), to.port);
      if (libc().connect(fd, address, address.length) < 0) {
        const error = errno();
        if (error !== EINPROGRESS) throw new SystemError("connect", error);
      }
      return new ClientSocket(fd);
    } catch (error) {
      libc().close(fd);
      throw error;
    }
  }

  /**
   * The same to a socket of this machine, by its path. It is connected at
   * once, or not at all.
   *
   * @throws SystemError, EAGAIN where too many wait there already
   */
  static connectPath(path: string): ClientSocket {
    const name = new TextEncoder().encode(path);
    if (name.length >= pathBytes) {
      throw new SystemError("connect", ENAMETOOLONG);
    }
    const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = check("socket", libc().socket(AF_UNIX, type, 0));
    const address = new Uint8Array(2 + name.length + 1);
    address[0] = AF_UNIX;
    address.set(name, 2);
    if (libc().connect(fd, address, address.length) < 0) {
      const error = errno();
      libc().close(fd);
      throw new SystemError("connect", error);
    }
    return new ClientSocket(fd);
  }

  /**
   * Waits until there is a connection.
   *
   * @returns false when the time is over
   * @throws SystemError of a connect that failed
   */
  async established(end: number): Promise<boolean> {
    if (isOver(end) || !await writable(this.fd, end)) return false;
    const error = socketOption(this.fd, SO_ERROR) ?? 0;
    if (error !== 0) throw new SystemError("connect", error);
    return true;
  }

  /**
   * Sends all bytes, once there is a connection and room for them.
   *
   * @returns false when the time is over
   * @throws SystemError, also of a connect that failed
   */
  async send(bytes: Uint8Array<ArrayBuffer>, end: number): Promise<boolean> {
    for (let left = bytes;;) {
      const n = later(
        "send",
        libc().send(this.fd, left, left.length, MSG_NOSIGNAL),
      );
      left = left.subarray(n ?? 0);
      if (left.length === 0) return true;
      if (isOver(end) || !await writable(this.fd, end)) return false;
    }
  }

  /**
   * Waits until something may be received, always by way of the event loop:
   * a peer that never stops sending keeps nobody else waiting.
   *
   * @returns false when the time is over, though there may be more
   */
  async arrival(end: number): Promise<boolean> {
    return !isOver(end) && await readable(this.fd, end);
  }

  /**
   * @returns how many bytes came, 0 at the end; null when there are none yet
   * @throws SystemError, also of a connect that failed
   */
  receiveNow(buffer: Uint8Array<ArrayBuffer>): number | null {
    return later("recv", libc().recv(this.fd, buffer, buffer.length, 0));
  }

  /**
   * The same when something has come.
   *
   * @returns null when the time is over
   * @throws SystemError
   */
  async receive(
    buffer: Uint8Array<ArrayBuffer>,
    end: number,
  ): Promise<number | null> {
    while (await this.arrival(end)) {
      const n = this.receiveNow(buffer);
      if (n !== null) return n;
    }
    return null;
  }

  /** Not while anything here is waited for. */
  close(): void {
    libc().close(this.fd);
  }
}

const isOver = (end: number) => performance.now() >= end;

function later(call: string, result: number): number | null {
  if (result >= 0) return result;
  const error = errno();
  if (error === EAGAIN || error === EINTR) return null;
  throw new SystemError(call, error);
}

/** A link-local address means nothing without its interface. */
const scoped = ({ ip, interface: name }: Endpoint) =>
  name === undefined ? ip : `${ip}%${name}`;
