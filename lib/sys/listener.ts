/**
 * A listening TCP socket whose connections are plain descriptors, so that a
 * child can be given the socket itself.
 *
 * @module
 */
import { isIPv6 } from "node:net";
import type { Endpoint } from "../base/endpoint.ts";
import { addressBytes, decodeAddress, encodeAddress } from "./address.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EINTR,
  F_SETFL,
  O_NONBLOCK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./numbers.ts";
import { isListening, setOption, socketName, socketOption } from "./socket.ts";

const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const SO_DOMAIN = 39;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

/** What accept4 fills; each result is read before the next call. */
const scratch = new Uint8Array(addressBytes);
const scratchLength = new Uint32Array(1);
const scratchLengthBytes = new Uint8Array(scratchLength.buffer);

/** An accepted connection: the descriptor belongs to whoever holds this. */
export interface RawConnection {
  readonly fd: number;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

export class RawListener {
  #closed = false;
  readonly address: Endpoint;
  /** What each connection's own end is; null if that is to be asked. */
  readonly #local: Endpoint | null;

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
    at: Endpoint,
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
   * @param isOurs whether we had bound it, and were executed anew
   * @throws Error if it is something else
   */
  static inherit(fd: number, isOurs = false): RawListener {
    const family = socketOption(fd, SO_DOMAIN);
    if (!isListening(fd) || (family !== AF_INET && family !== AF_INET6)) {
      throw new Error(`descriptor ${fd} is no listening socket`);
    }
    check("fcntl", libc().fcntl(fd, F_SETFL, O_NONBLOCK));
    return new RawListener(fd, isOurs);
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
        scratch,
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

  /** It may not be watched any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    libc().close(this.fd);
  }
}

/** Takes the client's address from the scratch that accept4 has filled. */
function connectionOf(
  fd: number,
  local: Endpoint | null,
): RawConnection {
  try {
    const remote = decodeAddress(scratch);
    return { fd, local: local ?? socketName(fd), remote };
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** A port that is ours, though nobody listens on it through this. */
export class ReservedPort {
  readonly address: Endpoint;

  /** Bound for as long as the process lives. Throws SystemError. */
  constructor(at: Endpoint) {
    const { ip } = at;
    this.address = { ip, port: socketName(boundSocket(at, true)).port };
  }
}

/** Whether an address could be had: nobody can connect to it. Throws SystemError. */
export function tryBind(at: Endpoint): void {
  libc().close(boundSocket(at, false));
}

function boundSocket({ ip, port }: Endpoint, shared: boolean): number {
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
