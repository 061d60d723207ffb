/**
 * A TCP connection as a stream that can be closed at any time.
 *
 * @module
 */
import { canonicalAddress } from "../base/ip.ts";
import { shutDown, type SocketAddress } from "../sys/listener.ts";
import type { Stream } from "../base/stream.ts";

/**
 * Deno's own close leaves a write, and with it the descriptor, to a peer that
 * reads nothing, for as long as that one likes.
 */
export class TcpStream implements Stream {
  #writes = 0;

  constructor(readonly conn: Deno.TcpConn) {}

  get local(): SocketAddress {
    return socketAddress(this.conn.localAddr);
  }

  get remote(): SocketAddress {
    return socketAddress(this.conn.remoteAddr);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.conn.read(buffer);
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#writes++;
    try {
      return await this.conn.write(bytes);
    } finally {
      this.#writes--;
    }
  }

  close(): void {
    if (this.#writes > 0) breakOff(this.conn);
    else this.conn.close();
  }
}

/** Closes a connection, whatever Deno is still doing with it. */
export function breakOff(conn: Deno.TcpConn | Deno.TlsConn): void {
  try {
    shutDown(socketAddress(conn.localAddr), socketAddress(conn.remoteAddr));
  } finally {
    conn.close();
  }
}

function socketAddress({ hostname, port }: Deno.NetAddr): SocketAddress {
  const [address, scope] = hostname.split("%");
  return { ip: canonicalAddress(address), port, interface: scope };
}
