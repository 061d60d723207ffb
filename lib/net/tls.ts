/**
 * The server's side of TLS on a connection that is there already (STARTTLS,
 * or after a PROXY header).
 *
 * Deno has that for clients only. So the bytes go through a TLS connection to
 * ourselves on the loopback interface, whose listener takes nobody else's and
 * is there for that one alone.
 *
 * @module
 */
import { type Stream, writeAll } from "../base/stream.ts";
import { breakOff, TcpStream } from "./tcp_stream.ts";

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
  /** Throws if certificate and key are malformed or do not belong together. */
  constructor(readonly certificate: Certificate) {
    listen(certificate).close();
  }

  /**
   * Shakes hands with the client on a stream, which is closed if that fails.
   *
   * @throws if it fails, or takes longer than `seconds`
   */
  async secure(stream: Stream, seconds: number): Promise<Stream> {
    let secured: SecuredStream;
    try {
      secured = new SecuredStream(stream, await pair(this.certificate));
    } catch (error) {
      await stream.close();
      throw error;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error("the handshake took too long")),
        seconds * 1000,
      );
    });
    try {
      await Promise.race([secured.inside.handshake(), late]);
      return secured;
    } catch (error) {
      await secured.close(); // not before the client was told why
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function listen(certificate: Certificate): Deno.TlsListener {
  return Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...certificate });
}

/** A connection to ourselves: ciphertext outside, plain text inside. */
interface Pair {
  readonly outside: Deno.TcpConn;
  readonly inside: Deno.TlsConn;
}

/** The listener is there for as long as that takes: others cannot fill it. */
async function pair(certificate: Certificate): Promise<Pair> {
  const listener = listen(certificate);
  let outside: Deno.TcpConn | undefined;
  try {
    const { hostname, port } = listener.addr;
    outside = await Deno.connect({ hostname, port });
    const ours = outside.localAddr;
    for (;;) {
      const inside = await listener.accept();
      const { hostname, port } = inside.remoteAddr;
      if (hostname === ours.hostname && port === ours.port) {
        return { outside, inside };
      }
      breakOff(inside); // somebody on this machine who has no business here
    }
  } catch (error) {
    outside?.close();
    throw error;
  } finally {
    listener.close();
  }
}

class SecuredStream implements Stream {
  readonly outside: TcpStream;
  readonly inside: Deno.TlsConn;
  readonly #toClient: Promise<void>;

  constructor(readonly network: Stream, { outside, inside }: Pair) {
    this.outside = new TcpStream(outside);
    this.inside = inside;
    pump(network, this.outside).then(() => outside.closeWrite()).catch(
      () => {},
    );
    this.#toClient = pump(this.outside, network);
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
