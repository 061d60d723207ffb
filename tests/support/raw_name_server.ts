/**
 * A name server that a test writes the bytes of: for floods, dribbles and all
 * that no library would send.
 *
 * @module
 */

/** A query, and a way to say something to whoever asks. */
export interface Asked {
  /** Without its OPT record, so that an answer can be made of it. */
  readonly query: Uint8Array<ArrayBuffer>;
  /** What its OPT record says about datagrams (RFC 6891 6.1.2), or null. */
  readonly datagramBytes: number | null;
  /** A datagram, or bytes of a stream. */
  send(bytes: Uint8Array): Promise<unknown>;
}

type Serve = (asked: Asked) => unknown;

export class RawNameServer {
  readonly #udp: Deno.DatagramConn;
  readonly #tcp: Deno.TcpListener;
  readonly ip = "127.0.0.1";
  readonly port: number;
  /** Queries by UDP. */
  asked = 0;

  readonly #serving: Promise<unknown>[] = [];

  constructor(readonly byUdp: Serve, readonly byTcp: Serve) {
    ({ udp: this.#udp, tcp: this.#tcp } = listeners(this.ip));
    this.port = this.#tcp.addr.port;
    this.#serving.push(this.#serveUdp(), this.#serveTcp());
  }

  /** Resolves when everything has been said. */
  async close(): Promise<void> {
    this.#udp.close();
    this.#tcp.close();
    await Promise.all(this.#serving);
  }

  async #serveUdp(): Promise<void> {
    for await (const [bytes, from] of this.#udp) {
      this.asked++;
      this.#serving.push(Promise.resolve(this.byUdp({
        ...withoutOpt(bytes),
        send: (bytes) => this.#udp.send(bytes, from).catch(() => {}), // closed
      })));
    }
  }

  async #serveTcp(): Promise<void> {
    for await (const conn of this.#tcp) {
      this.#serving.push(this.#serveConnection(conn));
    }
  }

  async #serveConnection(conn: Deno.TcpConn): Promise<void> {
    conn.setNoDelay(true);
    const buffer = new Uint8Array(1024);
    try {
      const n = await conn.read(buffer) ?? 0;
      await this.byTcp({
        ...withoutOpt(buffer.subarray(2, n)),
        send: (bytes) => conn.write(bytes),
      });
    } catch {
      // The asker has gone.
    }
    conn.close();
  }
}

/** EDNS0's record stands at the end of a query, as 11 bytes. */
function withoutOpt(bytes: Uint8Array) {
  const query = bytes.slice(), view = new DataView(query.buffer);
  if (query.length < 12 || view.getUint16(10) === 0) {
    return { query, datagramBytes: null };
  }
  const opt = query.length - 11;
  view.setUint16(10, 0);
  return { query: query.slice(0, opt), datagramBytes: view.getUint16(opt + 3) };
}

/** A port may be free for one of them and taken for the other. */
function listeners(hostname: string) {
  for (let attempt = 1;; attempt++) {
    const tcp = Deno.listen({ hostname, port: 0 });
    try {
      const at = { hostname, port: tcp.addr.port };
      return { tcp, udp: Deno.listenDatagram({ ...at, transport: "udp" }) };
    } catch (error) {
      tcp.close();
      if (attempt === 20) throw error;
    }
  }
}

/** Runs `fn` with a server, which is closed whatever happens. */
export async function withRawNameServer(
  byUdp: Serve,
  fn: (server: RawNameServer) => Promise<void>,
  byTcp: Serve = () => {},
): Promise<void> {
  const server = new RawNameServer(byUdp, byTcp);
  try {
    await fn(server);
  } finally {
    await server.close();
  }
}

/**
 * A response to a query: its id and question, then these records.
 *
 * @param additional as many of them, at the end, are no answers
 */
export function responseTo(
  query: Uint8Array,
  records: readonly Uint8Array[],
  flags = 0x8180,
  additional = 0,
): Uint8Array<ArrayBuffer> {
  const length = records.reduce((sum, each) => sum + each.length, 0);
  const bytes = new Uint8Array(query.length + length);
  bytes.set(query);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, flags);
  view.setUint16(6, records.length - additional);
  view.setUint16(10, additional);
  let at = query.length;
  for (const record of records) {
    bytes.set(record, at);
    at += record.length;
  }
  return bytes;
}

/** A record of the name that was asked about. */
export function record(
  type: number,
  data: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xc00c);
  view.setUint16(2, type);
  view.setUint16(4, 1);
  view.setUint16(10, data.length);
  bytes.set(data, 12);
  return bytes;
}

/** An OPT record (RFC 6891 6.1.2): whoever sends one knows EDNS0. */
export const opt = Uint8Array.from([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
