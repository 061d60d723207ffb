/**
 * Sockets that ask others, for what Deno's own cannot do: choose the local
 * address, and hear that a UDP peer is not there.
 *
 * Nothing here waits. A caller tries again a little later, which costs less
 * than a helper thread for each question that is open.
 *
 * @module
 */
import { isIPv6 } from "node:net";
import { check, errno, libc, SystemError } from "./libc.ts";
import { encodeAddress, type SocketAddress } from "./listener.ts";
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

const EINPROGRESS = 115;

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
    to: SocketAddress,
    from: SocketAddress | null = null,
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
   * @returns how many bytes were taken; null while connecting, or when there
   * is no room
   * @throws SystemError, also of a connect that failed
   */
  send(bytes: Uint8Array<ArrayBuffer>): number | null {
    return later(
      "send",
      libc().send(this.fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL),
    );
  }

  /**
   * @returns how many bytes came, 0 at the end; null when there are none yet
   * @throws SystemError
   */
  receive(buffer: Uint8Array<ArrayBuffer>): number | null {
    return later(
      "recv",
      libc().recv(this.fd, buffer, BigInt(buffer.length), 0),
    );
  }

  close(): void {
    libc().close(this.fd);
  }
}

function later(call: string, result: number | bigint): number | null {
  if (result >= 0) return Number(result);
  const error = errno();
  if (error === EAGAIN || error === EINTR) return null;
  throw new SystemError(call, error);
}

/** A link-local address means nothing without its interface. */
const scoped = ({ ip, interface: name }: SocketAddress) =>
  name === undefined ? ip : `${ip}%${name}`;
