/**
 * Somebody in Dovecot's place who does what a test wants: nothing, half an
 * answer, nonsense.
 *
 * @module
 */
import { inFolder, until } from "./peers.ts";

export const handshake = "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\n" +
  "MECH\tLOGIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\tab\nDONE\n";

export class FakeDovecot {
  /** All lines but the greeting's, of all clients. */
  readonly lines: string[] = [];
  readonly conns: Deno.Conn[] = [];
  /** Clients that have hung up. */
  leaving = 0;
  #listener!: Deno.Listener;

  /**
   * @param answer what is said to a line, if anything
   * @param greeting in the handshake's place
   */
  constructor(
    readonly path: string,
    public answer: (line: string) => string | null,
    public greeting = handshake,
  ) {}

  start(): void {
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#serve(this.#listener);
  }

  /** Hangs up on everybody, and listens no more. */
  stop(): void {
    this.#listener.close();
    this.hangUp();
    Deno.removeSync(this.path);
  }

  hangUp(): void {
    for (const conn of this.conns.splice(0)) conn.close();
  }

  async say(text: string): Promise<void> {
    const conn = this.conns.at(-1)!;
    for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
      rest = rest.subarray(await conn.write(rest));
    }
  }

  asked(count: number): Promise<void> {
    return until("it is asked", () => this.lines.length >= count);
  }

  async #serve(listener: Deno.Listener): Promise<void> {
    for await (const conn of listener) {
      this.conns.push(conn);
      this.#talk(conn).catch(() => {}); // it has hung up
    }
  }

  async #talk(conn: Deno.Conn): Promise<void> {
    await conn.write(new TextEncoder().encode(this.greeting));
    const buffer = new Uint8Array(65536);
    for (let text = "";;) {
      const n = await conn.read(buffer);
      if (n === null) {
        this.leaving++;
        return;
      }
      const lines = (text + new TextDecoder().decode(buffer.subarray(0, n)))
        .split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        if (/^(?:VERSION|CPID)\t/.test(line)) continue;
        this.lines.push(line);
        const said = this.answer(line);
        if (said !== null) await conn.write(new TextEncoder().encode(said));
      }
    }
  }
}

/** Runs `fn` with one; it answers OK to everybody, unless told otherwise. */
export function withFakeDovecot(
  fn: (fake: FakeDovecot) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    const fake = new FakeDovecot(
      `${folder}/auth`,
      (line) => `OK\t${line.split("\t")[1]}\tuser=ann\n`,
    );
    fake.start();
    try {
      await fn(fake);
    } finally {
      try {
        fake.stop();
      } catch {
        // The test has stopped it.
      }
    }
  });
}
