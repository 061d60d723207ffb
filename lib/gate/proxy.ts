/**
 * Reading a PROXY header off a connection, and not one byte more: whoever
 * serves the connection gets the rest.
 *
 * @module
 */
import type { Endpoint } from "../base/endpoint.ts";
import {
  parseProxyHeader,
  type ProxyHeader,
  proxyHeaderLimit,
} from "../net/proxy_header.ts";
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLRDHUP,
} from "../sys/epoll.ts";
import { eventLoop, type Watcher } from "../sys/event_loop.ts";
import type { RawConnection } from "../sys/listener.ts";
import { peek, skip } from "../sys/socket.ts";

/** A proxy sends its header at once. */
const headerMs = 5000;

/** What is logged about a proxy that sends none. */
export const noHeader = {
  what: "unable to read the PROXY header",
  why: "invalid, or later than 5 seconds",
};

/** Who is connected to whom, as far as it matters to access and names. */
export interface Ends {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** A proxy that speaks for itself: its address is no client's. */
  readonly byProxy?: true;
  /** A PROXY header has named them: they are not the ends of our socket. */
  readonly byHeader?: true;
}

/**
 * Waits for the header and takes it.
 *
 * @returns the client's ends; null when no header came that could be believed
 */
export function readProxyHeader(conn: RawConnection): Promise<Ends | null> {
  return new Promise((resolve) => new HeaderReader(conn, resolve));
}

/** Filled by each look, and read before the next. */
const buffer = new Uint8Array(new ArrayBuffer(proxyHeaderLimit));

class HeaderReader implements Watcher {
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(
    readonly conn: RawConnection,
    readonly tell: (ends: Ends | null) => void,
  ) {
    // Bytes that were looked at stay: only more of them are news.
    eventLoop.add(conn.fd, EPOLLIN | EPOLLRDHUP | EPOLLET, this);
    // If that has failed, the number may be another's by then.
    this.#timer = setTimeout(() => this.#settle(null), headerMs);
  }

  ready(events: number): void {
    const { fd } = this.conn;
    const n = peek(fd, buffer);
    const header = parseProxyHeader(buffer.subarray(0, n ?? 0));
    if (header.type === "proxied" || header.type === "local") {
      skip(fd, header.length);
      return this.#settle(endsBy(header, this.conn));
    }
    const hasEnded = n === 0 ||
      (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0;
    if (hasEnded || header.type === "invalid") this.#settle(null);
  }

  #settle(ends: Ends | null): void {
    clearTimeout(this.#timer);
    eventLoop.remove(this.conn.fd);
    this.tell(ends);
  }
}

/** HAProxy's checks name the proxy in version 1, and nobody in version 2. */
function endsBy(
  header: Extract<ProxyHeader, { type: "local" | "proxied" }>,
  { local, remote }: RawConnection,
): Ends {
  if (header.type === "local") return { local, remote, byProxy: true };
  const ends = {
    local: header.local,
    remote: header.remote,
    byHeader: true,
  } as const;
  return header.remote.ip === remote.ip ? { ...ends, byProxy: true } : ends;
}
