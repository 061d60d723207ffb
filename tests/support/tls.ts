/**
 * What tests of TLS on a stream need: connections whose server's end is a
 * stream of ours, and receivers that remember.
 *
 * @module
 */
import { concat, fromBytes } from "../../lib/base/bytes.ts";
import type { Receiver, Stream } from "../../lib/base/stream.ts";
import type { Certificate } from "../../lib/net/certificate.ts";
import type { TlsServer } from "../../lib/net/tls_server.ts";
import { LoopbackTls } from "../../lib/net/tls_loopback.ts";
import { NodeTls } from "../../lib/net/tls_node.ts";
import { hasNodeTls } from "../../lib/net/tls_probe.ts";
import { openDescriptors } from "../../lib/sys/descriptors.ts";
import { RawListener } from "../../lib/sys/listener.ts";
import { readable } from "../../lib/sys/readable.ts";
import { SocketStream } from "../../lib/sys/socket_stream.ts";
import { makeCertificate } from "./certificate.ts";
import { inFolder, needing, until } from "./peers.ts";

/** Where clients connect to; each connection becomes a stream. */
export class StreamListener {
  readonly #listener = RawListener.listen({ ip: "127.0.0.1", port: 0 }, 128);
  readonly port = this.#listener.address.port;

  async accept(): Promise<SocketStream> {
    await readable(this.#listener.fd);
    return new SocketStream(this.#listener.accept()!.fd);
  }

  close(): void {
    this.#listener.close();
  }
}

/** A client of the runtime's, and the server's end of its connection. */
export async function connection(): Promise<[Deno.TcpConn, SocketStream]> {
  const listener = new StreamListener();
  const { port } = listener;
  const client = await Deno.connect({ hostname: "127.0.0.1", port });
  const stream = await listener.accept();
  listener.close();
  return [client, stream];
}

/** Remembers what a stream says. */
export class Listener implements Receiver {
  readonly #pieces: Uint8Array[] = [];
  bytes = 0;
  longest = 0;
  ends = 0;
  drains = 0;
  /** Bytes that were unsent when something came, at most. */
  mostUnsent = 0;

  constructor(readonly stream: Stream, readonly echo = false) {
    stream.open(this);
  }

  received(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes += bytes.length;
    this.longest = Math.max(this.longest, bytes.length);
    this.mostUnsent = Math.max(this.mostUnsent, this.stream.unsent);
    if (this.echo) this.stream.write(bytes);
    else this.#pieces.push(bytes.slice());
  }

  ended(): void {
    this.ends++;
  }

  drained(): void {
    this.drains++;
  }

  get text(): string {
    return fromBytes(this.all);
  }

  get all(): Uint8Array<ArrayBuffer> {
    return concat(this.#pieces);
  }
}

/** Writes all bytes. */
export async function send(
  conn: Deno.Conn,
  bytes: Uint8Array | string,
): Promise<void> {
  if (typeof bytes === "string") bytes = new TextEncoder().encode(bytes);
  while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
}

/** All that comes until the end; a reset is none. */
export async function rest(conn: Deno.Conn): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = new Uint8Array(65536);
    const n = await conn.read(piece);
    if (n === null) return concat(pieces);
    pieces.push(piece.subarray(0, n));
  }
}

const ways = [
  ["by node:tls", (certificate: Certificate) => new NodeTls(certificate)],
  ["by loopback", (certificate: Certificate) => new LoopbackTls(certificate)],
] as const;

/** One that clients trust as `localhost`. */
export async function certificateIn(folder: string): Promise<Certificate> {
  const { cert, keyPath } = await makeCertificate(folder);
  return { cert, key: await Deno.readTextFile(keyPath) };
}

export interface TlsContext {
  readonly server: TlsServer;
  readonly certificate: Certificate;
}

/** A test of each way of having TLS; by node:tls where the runtime can. */
export function bothWays(
  name: string,
  fn: (context: TlsContext) => Promise<void>,
): Deno.TestDefinition[] {
  return ways.map(([way, make]) => ({
    ...needing({ peers: ["openssl"] }, `${name}, ${way}`),
    fn: () =>
      inFolder(async (folder) => {
        const certificate = await certificateIn(folder);
        const isThere = make(certificate) instanceof LoopbackTls ||
          await hasNodeTls(certificate);
        if (!isThere) return;
        await fn({ server: make(certificate), certificate });
      }),
  }));
}

/** Both ends of a connection after the handshake. */
export async function secured({ server, certificate }: TlsContext) {
  const [client, network] = await connection();
  const [conn, stream] = await Promise.all([
    startTls(client, certificate),
    server.secure(network, 20),
  ]);
  return { conn, stream, network };
}

/** The client's part of a handshake. */
export async function startTls(client: Deno.TcpConn, { cert }: Certificate) {
  const options = { hostname: "localhost", caCerts: [cert] };
  const conn = await Deno.startTls(client, options);
  await conn.handshake();
  return conn;
}

/** Fails unless as many descriptors are open in the end as were before. */
export async function leakingNothing(act: () => Promise<void>): Promise<void> {
  await act(); // what stays open is opened
  const before = openDescriptors().length;
  for (let i = 0; i < 3; i++) await act();
  await until(
    `${openDescriptors().length} descriptors are ${before} again`,
    () => openDescriptors().length <= before,
  );
}

/** Whether a descriptor of this number is not open. */
export function isClosed(fd: number): boolean {
  try {
    Deno.statSync(`/proc/self/fd/${fd}`);
    return false;
  } catch {
    return true;
  }
}
