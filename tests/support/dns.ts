/**
 * DNS for tests: a resolver that knows what it is told, and a name server on
 * loopback that answers as a test says.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";
import type { Lookup, Resolver } from "../../lib/net/resolver.ts";

/** What a zone says by `TYPE name`: records, or why there are none. */
export type Zone = Record<string, string[] | "failed">;

/** The resolver of a zone, and everything it has been asked. */
export function fakeResolver(zone: Zone): Resolver & { asked: string[] } {
  const asked: string[] = [];
  const resolver = (name: string, type: string): Promise<Lookup> => {
    const question = `${type} ${name.toLowerCase()}`;
    asked.push(question);
    const answer = zone[question];
    if (answer === "failed") {
      return Promise.resolve({ type: "failed", reason: "SERVFAIL" });
    }
    if (answer) return Promise.resolve({ type: "found", records: answer });
    const exists = Object.keys(zone).some((key) =>
      key.endsWith(` ${name.toLowerCase()}`)
    );
    return Promise.resolve({ type: "none", exists });
  };
  return Object.assign(resolver, { asked });
}

/** How a {@linkcode NameServerStub} answers a question. */
export interface StubAnswer {
  rcode?: number;
  // deno-lint-ignore no-explicit-any
  answers?: { type: string; name: string; data: any }[];
  truncated?: boolean;
  /** Other bytes instead, or before. */
  rewrite?: (response: Uint8Array) => Uint8Array[];
}

type Answerer = (
  question: { type: string; name: string },
  transport: "udp" | "tcp",
) => StubAnswer | null;

/** A name server on 127.0.0.1, UDP and TCP on one port. */
export class NameServerStub {
  readonly #udp: Deno.DatagramConn;
  readonly #tcp: Deno.Listener;
  readonly port: number;
  /** `TYPE name over TRANSPORT`. */
  readonly asked: string[] = [];

  constructor(readonly answer: Answerer) {
    // A port may be free for one of them and taken for the other.
    for (let attempt = 1;; attempt++) {
      const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = tcp.addr as Deno.NetAddr;
      try {
        this.#udp = Deno.listenDatagram({
          transport: "udp",
          hostname: "127.0.0.1",
          port,
        });
        this.#tcp = tcp;
        this.port = port;
        break;
      } catch (error) {
        tcp.close();
        if (attempt === 20) throw error;
      }
    }
    this.#serveUdp();
    this.#serveTcp();
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
  }

  async #serveUdp(): Promise<void> {
    for await (const [bytes, from] of this.#udp) {
      for (const response of this.#respond(bytes, "udp")) {
        await this.#udp.send(response, from);
      }
    }
  }

  async #serveTcp(): Promise<void> {
    for await (const conn of this.#tcp) {
      const bytes = new Uint8Array(1024);
      const n = await conn.read(bytes) ?? 0;
      for (const response of this.#respond(bytes.subarray(2, n), "tcp")) {
        // In two pieces, as a network may have it.
        await conn.write(
          new Uint8Array([response.length >> 8, response.length & 255]),
        );
        await conn.write(response);
      }
      conn.close();
    }
  }

  #respond(query: Uint8Array, transport: "udp" | "tcp"): Uint8Array[] {
    const packet = dnsPacket.decode(Buffer.from(query));
    const { name, type } = packet.questions![0];
    this.asked.push(`${type} ${name} over ${transport}`);
    const answer = this.answer({ name, type }, transport);
    if (answer === null) return [];
    const response = new Uint8Array(dnsPacket.encode({
      type: "response",
      id: packet.id,
      flags: (answer.rcode ?? 0) | 0x180 | (answer.truncated ? 0x200 : 0),
      questions: packet.questions,
      // deno-lint-ignore no-explicit-any
      answers: answer.answers as any,
    }));
    return answer.rewrite?.(response) ?? [response];
  }
}
