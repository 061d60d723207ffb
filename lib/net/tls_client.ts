/**
 * The client's side of TLS on a connection that is there already (STARTTLS).
 *
 * No runtime has that for streams of ours; each has it for connections of its
 * own. So the bytes go through a connection to ourselves, as with
 * tls_loopback.ts, whose listener is our end here. `Deno.startTls` always
 * verifies; node:tls need not, and is asked where anybody's certificate will do.
 *
 * @module
 */
import { connect, type TLSSocket } from "node:tls";
import { isIP } from "node:net";
import { isSame } from "../base/endpoint.ts";
import type { Stream } from "../base/stream.ts";
import { RawListener } from "../sys/listener.ts";
import { readable } from "../sys/readable.ts";
import { setNoDelay } from "../sys/socket.ts";
import { SocketStream } from "../sys/socket_stream.ts";
import { type InnerEnd, LoopbackStream } from "./tls_loopback.ts";

/** Who has to be at the other end. */
export interface ServerIdentity {
  /** The name that the certificate has to be for, if it is verified. */
  readonly name: string;
  readonly isVerified: boolean;
  /** Authorities in PEM that count beside the runtime's own. */
  readonly authorities: readonly string[];
}

/** Our end of a pair is somebody else's for at most so long. */
const pairMs = 5000;

/**
 * Shakes hands with the server at the other end of a stream, which belongs to
 * what comes of it, and is closed if nothing does.
 *
 * @throws Error that says why it failed; also when it takes longer
 */
export const startTls = (
  network: Stream,
  identity: ServerIdentity,
  seconds: number,
): Promise<Stream> => new ClientStream(network, identity).establish(seconds);

class ClientStream extends LoopbackStream {
  constructor(network: Stream, readonly identity: ServerIdentity) {
    super(network);
  }

  protected override async connectEnds() {
    const listener = RawListener.listen({ ip: "127.0.0.1", port: 0 }, 1);
    try {
      const { port } = listener.address;
      const connecting = this.#connect(port);
      connecting.catch(() => {}); // it is awaited below, or of no more use
      const outside = await accepted(listener, async (remote) => {
        const { localPort } = await connecting;
        return isSame(remote, { ip: "127.0.0.1", port: localPort });
      });
      const { inside } = await connecting;
      return { outside, inside };
    } finally {
      listener.close();
    }
  }

  async #connect(port: number) {
    const { name, isVerified, authorities } = this.identity;
    const hostname = "127.0.0.1";
    if (isVerified) {
      const conn = await Deno.connect({ hostname, port });
      const { port: localPort } = conn.localAddr;
      const caCerts = [...authorities];
      const inside = await Deno.startTls(conn, { hostname: name, caCerts });
      return { localPort, inside: inside as InnerEnd };
    }
    const inside = new UnverifiedEnd(port, isIP(name) ? "" : name);
    return { localPort: await inside.localPort, inside: inside as InnerEnd };
  }
}

/** @param isOurs tells whether it is who was meant to come */
async function accepted(
  listener: RawListener,
  isOurs: (remote: { ip: string; port: number }) => Promise<boolean>,
): Promise<SocketStream> {
  const end = performance.now() + pairMs;
  while (await readable(listener.fd, end)) {
    const connection = listener.accept();
    if (connection === null) continue;
    const stream = new SocketStream(connection.fd);
    if (await isOurs(connection.remote)) {
      setNoDelay(connection.fd);
      return stream;
    }
    stream.close();
  }
  throw new Error("no connection to ourselves");
}

/** A connection by node:tls, which shows its certificate to nobody. */
class UnverifiedEnd implements InnerEnd {
  readonly #socket: TLSSocket;
  readonly localPort: Promise<number>;
  #failure: Error | null = null;
  #wake = () => {};

  constructor(port: number, servername: string) {
    const socket = this.#socket = connect({
      host: "127.0.0.1",
      port,
      ...(servername === "" ? {} : { servername }),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    socket.pause();
    this.localPort = new Promise((resolve, reject) => {
      socket.once("connect", () => resolve(socket.localPort!));
      socket.once("error", reject);
    });
    socket.on("readable", () => this.#wake());
    for (const event of ["end", "close", "error"]) {
      socket.on(event, (error?: unknown) => {
        if (error instanceof Error) this.#failure ??= error;
        this.#wake();
      });
    }
  }

  handshake(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once("secureConnect", () => resolve())
        .once("error", reject)
        .once("close", () => reject(this.#failure ?? new Error("tls eof")));
    });
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const socket = this.#socket;
      const some = Math.min(socket.readableLength, buffer.length);
      const bytes = some > 0 ? socket.read(some) as Uint8Array | null : null;
      if (bytes !== null) {
        buffer.set(bytes);
        return bytes.length;
      }
      if (socket.readableEnded || socket.destroyed) return null;
      if (socket.readableLength === 0) socket.read(0);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(
        bytes,
        (error) => error ? reject(error) : resolve(bytes.length),
      );
    });
  }

  close(): void {
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), 1000);
  }
}
