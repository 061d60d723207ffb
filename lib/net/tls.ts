/**
 * The server's side of TLS on a connection that is there already (STARTTLS,
 * or after a PROXY header).
 *
 * Deno has that for clients only. So the bytes go through a TLS listener of
 * our own on the loopback interface, which takes nobody else's connection.
 *
 * @module
 */
import { type Stream, writeAll } from "../stream.ts";

const pumpBytes = 16384;
/** For the other side to take what was written before a close. */
const farewellMs = 2000;

export interface Certificate {
  /** PEM: the certificate, then those that vouch for it. */
  readonly cert: string;
  /** PEM: its private key. */
  readonly key: string;
}

export class TlsServer {
  readonly #listener: Deno.TlsListener;
  /** Handshakes begin one at a time, so that each finds its connection. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Throws if certificate and key are malformed or do not belong together. */
  constructor(certificate: Certificate) {
    this.#listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      ...certificate,
    });
    // An open listener is no reason for a process to stay.
    this.#listener.unref();
  }

  /**
   * Shakes hands with the client on a stream, which is closed if that fails.
   *
   * @throws if it fails, or takes longer than `seconds`
   */
  async secure(stream: Stream, seconds: number): Promise<Stream> {
    const pair = this.#turn.then(() => this.#pair());
    this.#turn = pair.catch(() => {});
    const { outside, inside } = await pair;
    const secured = new SecuredStream(stream, outside, inside);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error("the handshake took too long")),
        seconds * 1000,
      );
    });
    try {
      await Promise.race([inside.handshake(), late]);
      return secured;
    } catch (error) {
      secured.abort();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#listener.close();
  }

  /** A connection to ourselves: ciphertext outside, plain text inside. */
  async #pair(): Promise<{ outside: Deno.TcpConn; inside: Deno.TlsConn }> {
    const { port } = this.#listener.addr;
    const outside = await Deno.connect({ hostname: "127.0.0.1", port });
    const ours = outside.localAddr.port;
    for (;;) {
      const inside = await this.#listener.accept();
      if (inside.remoteAddr.port === ours) return { outside, inside };
      inside.close(); // somebody on this machine who has no business here
    }
  }
}

class SecuredStream implements Stream {
  readonly #toClient: Promise<void>;

  constructor(
    readonly network: Stream,
    readonly outside: Deno.TcpConn,
    readonly inside: Deno.TlsConn,
  ) {
    pump(network, outside).then(() => outside.closeWrite()).catch(() => {});
    this.#toClient = pump(outside, network);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.inside.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.inside.write(bytes);
  }

  async close(): Promise<void> {
    quietly(() => this.inside.close());
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      this.#toClient,
      new Promise((over) => timer = setTimeout(over, farewellMs)),
    ]);
    clearTimeout(timer);
    this.abort();
  }

  /** Closes without a farewell. */
  abort(): void {
    for (const each of [this.inside, this.outside, this.network]) {
      quietly(() => void each.close());
    }
  }
}

/** Copies until the end, or until either side breaks. */
async function pump(
  from: Pick<Stream, "read">,
  to: Pick<Stream, "write">,
): Promise<void> {
  const buffer = new Uint8Array(pumpBytes);
  try {
    for (;;) {
      const n = await from.read(buffer);
      if (n === null) return;
      await writeAll(to, buffer.subarray(0, n));
    }
  } catch {
    // It is over for whoever reads and writes on the other side, too.
  }
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // It was closed already.
  }
}
