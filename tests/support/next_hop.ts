/**
 * A next hop that does as it is told: SMTP or LMTP in this process, with a
 * fault wherever a test wants one.
 *
 * @module
 */

/** What a next hop is asked, in the order of a message. */
export const hopSteps = [
  "greeting",
  "hello",
  "mail",
  "rcpt",
  "data",
  "text",
  "end",
] as const;
export type HopStep = typeof hopSteps[number];

/** In place of what is due: lines, nothing for ever, lines for ever, or an end. */
export type Fault =
  | { readonly say: string; readonly thenClose?: boolean }
  | "silence"
  | "endless"
  | "hang up";

export interface HopScript {
  readonly protocol?: "smtp" | "lmtp";
  /** Keywords of EHLO. */
  readonly offers?: readonly string[];
  /** Called at each step; null: as usual. */
  fault?(step: HopStep, line: string, connection: number): Fault | null;
  /** Of a recipient after the text (LMTP); else 250. */
  outcome?(recipient: string): string;
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export interface HopMessage {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Dots are as they came. */
  readonly text: string;
}

const usualOffers = ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000"];

export class NextHop {
  readonly messages: HopMessage[] = [];
  /** All lines that came, texts left out. */
  readonly lines: string[] = [];
  connections = 0;
  open = 0;
  readonly #listener: Deno.TcpListener | Deno.UnixListener;
  readonly #conns = new Set<Deno.Conn>();

  constructor(public script: HopScript = {}, path?: string, port = 0) {
    this.#listener = path === undefined
      ? Deno.listen({ hostname: "127.0.0.1", port })
      : Deno.listen({ transport: "unix", path });
    this.#serve();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  get target(): string {
    const { protocol = "smtp" } = this.script;
    return `${protocol}:127.0.0.1:${this.port}`;
  }

  close(): void {
    try {
      this.#listener.close();
    } catch {
      // It is closed already.
    }
    this.hangUp();
  }

  /** Ends all connections. */
  async hangUp(): Promise<void> {
    for (const conn of this.#conns) {
      // A read that waits would keep it open.
      await (conn as Deno.TcpConn).closeWrite().catch(() => {});
    }
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      const number = ++this.connections;
      this.open++;
      this.#conns.add(conn);
      this.#talk(conn, number).catch(() => {}) // it has hung up
        .finally(() => {
          this.open--;
          this.#conns.delete(conn);
          try {
            conn.close();
          } catch {
            // It is closed already.
          }
        });
    }
  }

  async #talk(conn: Deno.Conn, number: number): Promise<void> {
    const session = new Talk(conn);
    /** @returns whether it goes on as usual */
    const does = async (step: HopStep, line: string, usual: string) => {
      const fault = this.script.fault?.(step, line, number) ?? null;
      if (fault === null) {
        await session.say(usual);
        return true;
      }
      if (fault === "hang up") throw new Error("told to");
      if (fault === "silence") await session.forEver();
      if (fault === "endless") {
        for (;;) await session.say(`250-${"x".repeat(60)}\r\n`.repeat(20));
      }
      if (typeof fault !== "string") {
        await session.say(fault.say);
        if (fault.thenClose) throw new Error("told to");
      }
      return false;
    };
    await does("greeting", "", "220 hop.example ESMTP\r\n");
    let sender = "", recipients: string[] = [];
    for (let line; (line = await session.line()) !== null;) {
      this.lines.push(line);
      const verb = line.slice(0, 4).toUpperCase();
      switch (verb) {
        case "HELO":
        case "EHLO":
        case "LHLO": {
          const words = ["hop.example", ...(this.script.offers ?? usualOffers)];
          const lines = words.map((word, i) =>
            `250${i === words.length - 1 ? " " : "-"}${word}\r\n`
          );
          await does("hello", line, lines.join(""));
          break;
        }
        case "STAR":
          await session.say("220 2.0.0 go ahead\r\n");
          await session.startTls(this.script.certificate!);
          break;
        case "MAIL":
          if (await does("mail", line, "250 2.1.0 ok\r\n")) {
            sender = /<(.*)>/.exec(line)![1];
            recipients = [];
          }
          break;
        case "RCPT":
          if (await does("rcpt", line, "250 2.1.5 ok\r\n")) {
            recipients.push(/<(.*)>/.exec(line)![1]);
          }
          break;
        case "DATA": {
          if (!await does("data", line, "354 go ahead\r\n")) break;
          await does("text", "", "");
          const text = await session.text();
          if (text === null) return;
          const { outcome = () => "250 2.0.0 taken" } = this.script;
          const answers = this.script.protocol === "lmtp"
            ? recipients.map(outcome)
            : [outcome(recipients[0])];
          const said = answers.map((each) => `${each}\r\n`).join("");
          // What it says is not always what it has done.
          this.messages.push({ sender, recipients, text });
          await does("end", "", said);
          break;
        }
        case "AUTH":
          await session.say("235 2.7.0 ok\r\n");
          break;
        case "QUIT":
          return;
        default:
          await session.say("250 2.0.0 ok\r\n");
      }
    }
  }
}

class Talk {
  #buffer = "";
  readonly #input = new Uint8Array(65536);

  constructor(public conn: Deno.Conn) {}

  async say(text: string): Promise<void> {
    let bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.conn.write(bytes));
    }
  }

  async line(): Promise<string | null> {
    return await this.#until("\r\n");
  }

  async text(): Promise<string | null> {
    this.#buffer = "\r\n" + this.#buffer;
    const text = await this.#until("\r\n.\r\n");
    return text && text.slice(2) + "\r\n";
  }

  async forEver(): Promise<void> {
    while (await this.conn.read(this.#input) !== null);
    throw new Error("the client has gone");
  }

  async startTls(
    { cert, key }: { cert: string; key: string },
  ): Promise<void> {
    const listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert,
      key,
    });
    const plain = this.conn;
    const [secure, outside] = await Promise.all([
      listener.accept(),
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    ]);
    listener.close();
    plain.readable.pipeTo(outside.writable).catch(() => {});
    outside.readable.pipeTo(plain.writable).catch(() => {});
    this.conn = secure;
    this.#buffer = "";
  }

  async #until(end: string): Promise<string | null> {
    let at: number;
    while ((at = this.#buffer.indexOf(end)) < 0) {
      const n = await this.conn.read(this.#input);
      if (n === null) return null;
      for (const byte of this.#input.subarray(0, n)) {
        this.#buffer += String.fromCharCode(byte);
      }
    }
    const found = this.#buffer.slice(0, at);
    this.#buffer = this.#buffer.slice(at + end.length);
    return found;
  }
}
