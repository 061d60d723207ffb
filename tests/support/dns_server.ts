/**
 * A name server that answers what a test says: the truth, or all that a
 * resolver may meet instead. It listens on port 53 of a loopback address, so
 * that programs that know no other port can be told of it (DNSCACHEIP).
 *
 * @module
 */
import { concat, toBytes } from "../../lib/base/bytes.ts";

export const types = { A: 1, CNAME: 5, PTR: 12, TXT: 16, AAAA: 28 } as const;
type Type = keyof typeof types;

/** One record; the data is an IPv4 address, a name, or bytes as they are. */
export interface DnsRecord {
  /** The question's name when left out. */
  readonly name?: string;
  readonly type: Type;
  readonly data: string | Uint8Array;
}

/** How a question is answered. */
export type Answer =
  | { type: "records"; records: readonly DnsRecord[] }
  /** UDP has only the flag TC, TCP has the records. */
  | { type: "truncated"; records: readonly DnsRecord[] }
  | { type: "failure"; rcode: number }
  /** These bytes, after the question's id if `withId`. */
  | { type: "garbage"; bytes: Uint8Array; withId: boolean }
  | { type: "silence" }
  /** Silence for so many questions, then the answer. */
  | { type: "later"; silent: number; then: Answer };

export const failures = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

export const records = (...all: DnsRecord[]): Answer => ({
  type: "records",
  records: all,
});

export const ptr = (...names: string[]): Answer =>
  records(...names.map((data) => ({ type: "PTR" as const, data })));

/** One text of at most 255 bytes. */
export const txt = (text: string): Answer =>
  records({
    type: "TXT",
    data: concat([new Uint8Array([text.length]), toBytes(text)]),
  });

/** `NAME TYPE` in lower case and without the last dot. */
export type Zone = Record<string, Answer>;

export class DnsServer {
  /** What was asked, as keys of a zone, over UDP and TCP. */
  readonly asked: string[] = [];
  readonly #udp: Deno.DatagramConn;
  readonly #tcp: Deno.TcpListener;
  readonly #silent = new Map<string, number>();

  /** @param ip a loopback address, port 53 of which is free */
  constructor(readonly ip: string, readonly zone: Zone) {
    this.#udp = Deno.listenDatagram({
      hostname: ip,
      port: 53,
      transport: "udp",
    });
    this.#tcp = Deno.listen({ hostname: ip, port: 53 });
    this.#serveUdp();
    this.#serveTcp();
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
  }

  async #serveUdp(): Promise<void> {
    try {
      for await (const [packet, from] of this.#udp) {
        const reply = this.#reply(packet, false);
        if (reply) await this.#udp.send(reply, from);
      }
    } catch {
      // Closed.
    }
  }

  async #serveTcp(): Promise<void> {
    try {
      for await (const conn of this.#tcp) this.#serveConnection(conn);
    } catch {
      // Closed.
    }
  }

  async #serveConnection(conn: Deno.TcpConn): Promise<void> {
    try {
      const buffer = new Uint8Array(2 + 512);
      let length = 0;
      while (
        length < 2 || length < 2 + new DataView(buffer.buffer).getUint16(0)
      ) {
        const n = await conn.read(buffer.subarray(length));
        if (n === null) return conn.close();
        length += n;
      }
      const reply = this.#reply(buffer.subarray(2, length), true);
      if (!reply) return; // a silent server keeps the connection
      let whole = concat([number16(reply.length), reply]);
      while (whole.length > 0) whole = whole.subarray(await conn.write(whole));
      conn.close();
    } catch {
      // The client has gone.
    }
  }

  #reply(packet: Uint8Array, tcp: boolean): Uint8Array<ArrayBuffer> | null {
    const question = questionOf(packet);
    if (!question) return null;
    const { name, type, bytes } = question;
    const known = Object.entries(types).find(([, code]) => code === type);
    const key = `${name} ${known?.[0] ?? type}`;
    this.asked.push(key);
    let answer = this.zone[key] ??
      { type: "failure", rcode: failures.NXDOMAIN } as Answer;
    if (answer.type === "later") {
      const seen = this.#silent.get(key) ?? 0;
      if (seen < answer.silent) {
        this.#silent.set(key, seen + 1);
        return null;
      }
      answer = answer.then;
    }
    const id = packet.subarray(0, 2);
    const message = (rcode: number, all: readonly DnsRecord[], flags = 0) =>
      concat([
        id,
        number16(0x8580 | flags | rcode), // answer, authoritative, recursion
        number16(1),
        number16(all.length),
        number16(0),
        number16(0),
        bytes,
        ...all.map(encodeRecord),
      ]);
    switch (answer.type) {
      case "records":
        return message(0, answer.records);
      case "truncated":
        return tcp ? message(0, answer.records) : message(0, [], 0x200);
      case "failure":
        return message(answer.rcode, []);
      case "garbage":
        return concat([answer.withId ? id : new Uint8Array(), answer.bytes]);
      default:
        return null;
    }
  }
}

/** Runs `fn` with a server, which is closed whatever happens. */
export async function withDns(
  ip: string,
  zone: Zone,
  fn: (server: DnsServer) => Promise<void>,
): Promise<void> {
  const server = new DnsServer(ip, zone);
  try {
    await fn(server);
  } finally {
    server.close();
  }
}

function questionOf(packet: Uint8Array) {
  if (packet.length < 12) return null;
  const labels: string[] = [];
  let at = 12;
  while (packet[at] > 0) {
    labels.push(
      String.fromCharCode(...packet.subarray(at + 1, at + 1 + packet[at])),
    );
    at += 1 + packet[at];
  }
  const type = packet[at + 1] * 256 + packet[at + 2];
  const name = labels.join(".").toLowerCase();
  return { name, type, bytes: packet.subarray(12, at + 5) };
}

const number16 = (n: number) => new Uint8Array([n >> 8, n & 255]);

/** A name without compression; dots separate, so no label has one. */
export function encodeName(name: string): Uint8Array<ArrayBuffer> {
  const labels = name === "" ? [] : name.split(".");
  return concat([
    ...labels.flatMap((label) => [
      new Uint8Array([label.length]),
      toBytes(label),
    ]),
    new Uint8Array(1),
  ]);
}

function encodeRecord({ name, type, data }: DnsRecord): Uint8Array {
  const rdata = typeof data !== "string"
    ? data
    : type === "A"
    ? new Uint8Array(data.split(".").map(Number))
    : encodeName(data);
  return concat([
    name === undefined ? new Uint8Array([0xc0, 12]) : encodeName(name),
    number16(types[type]),
    number16(1),
    new Uint8Array([0, 0, 0, 60]),
    number16(rdata.length),
    rdata,
  ]);
}
