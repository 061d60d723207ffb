/**
 * Reading a PROXY header off a connection, and not one byte more.
 *
 * @module
 */
import {
  hasEnded,
  peek,
  type RawConnection,
  skip,
  type SocketAddress,
} from "../sys/listener.ts";
import {
  parseProxyHeader,
  type ProxyHeader,
  proxyHeaderLimit,
} from "../net/proxy_header.ts";
import type { Stream } from "../base/stream.ts";

/** A proxy sends its header at once; security.md's table. */
const headerMs = 5000;
/** When to look again for a header, or the rest of it: soon at first. */
const firstLookMs = 1;
const longestLookMs = 128;

/** What is logged about a proxy that sends none. */
export const noHeader = {
  what: "unable to read the PROXY header",
  why: "invalid, or later than 5 seconds",
};

export interface Ends {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** A proxy that speaks for itself: its address is no client's. */
  readonly byProxy?: true;
  /** A PROXY header has named them: they are not the ends of our socket. */
  readonly byHeader?: true;
}

/**
 * Reads the header of a connection inside this process.
 *
 * @returns the client's ends, and a stream that starts after the header;
 * null when no header came that could be believed
 */
export async function readProxied(
  conn: Stream,
  ends: Ends,
): Promise<{ ends: Ends; stream: Stream } | null> {
  const buffer = new Uint8Array(proxyHeaderLimit);
  let length = 0;
  const timer = setTimeout(() => conn.close(), headerMs);
  try {
    while (length < buffer.length) {
      const n = await conn.read(buffer.subarray(length));
      if (n === null) return null;
      length += n;
      const header = parseProxyHeader(buffer.subarray(0, length));
      if (header.type === "invalid") return null;
      if (header.type === "incomplete") continue;
      const rest = buffer.slice(header.length, length);
      return {
        ends: spokenOf(header, ends),
        stream: rest.length === 0 ? conn : precededBy(rest, conn),
      };
    }
    return null;
  } catch {
    return null; // closed by the client or by the timer
  } finally {
    clearTimeout(timer);
  }
}

/** HAProxy's checks name the proxy in version 1, and nobody in version 2. */
function spokenOf(
  header: Extract<ProxyHeader, { type: "local" | "proxied" }>,
  { local, remote }: Ends,
): Ends {
  if (header.type === "local") return { local, remote, byProxy: true };
  const ends = {
    local: header.local,
    remote: header.remote,
    byHeader: true,
  } as const;
  return header.remote.ip === remote.ip ? { ...ends, byProxy: true } : ends;
}

function precededBy(first: Uint8Array, stream: Stream): Stream {
  return {
    read(buffer) {
      if (first.length === 0) return stream.read(buffer);
      const part = first.subarray(0, buffer.length);
      buffer.set(part);
      first = first.subarray(part.length);
      return Promise.resolve(part.length);
    },
    write: (bytes) => stream.write(bytes),
    close: () => stream.close(),
  };
}

/** The same for a socket that a program will get: the rest stays in it. */
export async function skipProxied(conn: RawConnection): Promise<Ends | null> {
  const buffer = new Uint8Array(proxyHeaderLimit);
  const end = performance.now() + headerMs;
  let waitMs = firstLookMs;
  while (performance.now() < end) {
    const ended = hasEnded(conn.fd);
    const n = peek(conn.fd, buffer);
    if (n === 0) return null;
    if (n !== null) {
      const header = parseProxyHeader(buffer.subarray(0, n));
      if (header.type === "invalid") return null;
      if (header.type !== "incomplete") {
        skip(conn.fd, header.length);
        return spokenOf(header, conn);
      }
    }
    if (ended) return null;
    await new Promise((over) => setTimeout(over, waitMs));
    waitMs = Math.min(waitMs * 2, longestLookMs);
  }
  return null;
}
