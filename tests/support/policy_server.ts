/**
 * A policy server under a test's hand.
 *
 * @module
 */
import type { Emit } from "../../lib/base/events.ts";
import { policyAddress } from "../../lib/policy/delegation.ts";
import { PolicyProgram } from "../../lib/policy/policy_program.ts";

/**
 * A policy server on loopback. It gives each request to `respond`, and sends
 * what that returns; null closes the connection instead.
 */
export class PolicyServer {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.Conn>();
  connections = 0;
  readonly requests: string[] = [];

  constructor(
    readonly respond: (
      request: string,
      ofConnection: number,
    ) => string | null | Promise<string | null>,
  ) {
    this.#accept();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  program(seconds: number, emit: Emit = () => {}) {
    const address = policyAddress(`127.0.0.1:${this.port}`)!;
    return new PolicyProgram(address, seconds, emit);
  }

  /** Sends something that nobody has asked for. */
  async say(text: string): Promise<void> {
    for (const conn of this.#conns) {
      await conn.write(new TextEncoder().encode(text));
    }
  }

  /** Whether all have hung up on it. */
  isAlone(): boolean {
    return this.#conns.size === 0;
  }

  hangUp(): void {
    for (const conn of this.#conns) conn.close();
    this.#conns.clear();
  }

  close(): void {
    this.hangUp();
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.connections++;
      this.#conns.add(conn);
      this.#serve(conn).catch(() => {});
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    let text = "", count = 0;
    const buffer = new Uint8Array(4096);
    for (;;) {
      const n = await conn.read(buffer);
      if (n === null) {
        if (this.#conns.delete(conn)) conn.close();
        return;
      }
      text += new TextDecoder().decode(buffer.subarray(0, n));
      for (let end; (end = text.indexOf("\n\n")) !== -1;) {
        const request = text.slice(0, end);
        text = text.slice(end + 2);
        this.requests.push(request);
        const response = await this.respond(request, ++count);
        if (response !== null) {
          await conn.write(new TextEncoder().encode(response));
        } else if (this.#conns.delete(conn)) conn.close();
      }
    }
  }
}

/** Runs a test with one. */
export async function withPolicyServer(
  respond: ConstructorParameters<typeof PolicyServer>[0],
  test: (server: PolicyServer) => Promise<void>,
) {
  const server = new PolicyServer(respond);
  try {
    await test(server);
  } finally {
    server.close();
  }
}
