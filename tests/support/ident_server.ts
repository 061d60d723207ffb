/**
 * An ident server (RFC 1413) that says what a test wants to hear. It listens
 * on port 113 of a loopback address: clients that are asked about come from
 * there.
 *
 * @module
 */
import { toBytes } from "../../lib/base/bytes.ts";

export interface IdentQuery {
  readonly line: string;
  /** The address that the asker asks from. */
  readonly from: string;
}

/**
 * Given `REMOTEPORT , LOCALPORT`: a byte string to answer with (ended by a
 * close), or null to be silent.
 */
export type Ident = (line: string) => string | null;

export class IdentServer {
  readonly asked: IdentQuery[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();

  constructor(readonly ip: string, readonly answer: Ident) {
    this.#listener = Deno.listen({ hostname: ip, port: 113 });
    this.#run();
  }

  close(): void {
    this.#listener.close();
    this.hangUp();
  }

  /** Closes on those who wait for an answer. */
  hangUp(): void {
    for (const conn of this.#open) conn.close();
    this.#open.clear();
  }

  async #run(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#serve(conn);
    } catch {
      // Closed.
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    this.#open.add(conn);
    try {
      let text = "";
      const buffer = new Uint8Array(256);
      while (!text.includes("\n")) {
        const n = await conn.read(buffer);
        if (n === null) break;
        text += String.fromCharCode(...buffer.subarray(0, n));
      }
      const line = text.replace(/\r?\n.*/s, "");
      const { hostname: from } = conn.remoteAddr as Deno.NetAddr;
      this.asked.push({ line, from });
      const reply = this.answer(line);
      if (reply === null) return;
      let bytes = toBytes(reply);
      while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
      this.#open.delete(conn);
      conn.close();
    } catch {
      // The asker has heard enough.
    }
  }
}

/** Runs `fn` with a server, which is closed whatever happens. */
export async function withIdent(
  ip: string,
  answer: Ident,
  fn: (server: IdentServer) => Promise<void>,
): Promise<void> {
  const server = new IdentServer(ip, answer);
  try {
    await fn(server);
  } finally {
    server.close();
  }
}
