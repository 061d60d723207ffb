/**
 * Numbered messages with digests: which of them a server has said 250 to, and
 * which have arrived, whole, how often, and by which attempt of the client.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { randomFrom } from "./random.ts";
import { SmtpClient } from "./smtp_client.ts";

/** A connection carries so many. */
const eachConnection = 10;
/** A client whose message was not taken tries again. */
const againMs = 200;

const digest = (text: string) =>
  createHash("sha256").update(text).digest("hex");

export interface Arrivals {
  /** Acknowledged, and not there. */
  readonly lost: readonly number[];
  /** There, and another text than was sent. */
  readonly broken: readonly string[];
  /** Copies beyond the first, of attempts that the client was not told of. */
  readonly sentAgain: number;
  /** Copies beyond the first of one attempt: a drain delivered it twice. */
  readonly deliveredAgain: number;
}

export class Ledger {
  readonly acknowledged = new Set<number>();
  /** Attempts whose text was sent, and that had another answer, or none. */
  unsure = 0;
  /** What was said in the place of 250, and how often. */
  readonly refusals = new Map<string, number>();
  /** Files that have been read. */
  readonly #read = new Set<string>();
  /** By number, by attempt: how often it is there. */
  readonly #copies = new Map<number, Map<number, number>>();
  readonly #broken: string[] = [];
  readonly #random: () => number;
  #next = 0;

  /** @param to the recipient of a message, by its number */
  constructor(
    readonly count: number,
    seed: number,
    readonly to: (number: number) => string,
  ) {
    this.#random = randomFrom(seed);
  }

  #message(number: number, attempt: number): string {
    const random = this.#random;
    const lines = 1 + Math.floor(random() ** 4 * 200);
    const body = Array.from(
      { length: lines },
      () => `${random()} ${random()} ${random()}\n`,
    ).join("");
    return `Subject: ${number}\nX-Number: ${number}\nX-Attempt: ${attempt}\n` +
      `X-Digest: ${digest(body)}\n\n${body}`;
  }

  /**
   * Sends all, so many at once; each again and again until it is taken.
   *
   * @param pauseMs of each client behind each message
   */
  async send(port: number, clients: number, pauseMs = 0): Promise<void> {
    await Promise.all(
      Array.from({ length: clients }, () => this.#client(port, pauseMs)),
    );
  }

  async #client(port: number, pauseMs: number): Promise<void> {
    let client: SmtpClient | null = null, sent = 0;
    while (this.#next < this.count) {
      const number = this.#next++;
      if (pauseMs > 0) await new Promise((over) => setTimeout(over, pauseMs));
      for (let attempt = 1; !this.acknowledged.has(number); attempt++) {
        let why: string;
        try {
          if (client === null || sent === eachConnection) {
            client?.close();
            client = await greeted(port);
            sent = 0;
          }
          why = await this.#one(client, number, attempt);
          sent++;
        } catch (error) {
          why = `${error}`;
        }
        if (why.startsWith("250")) this.acknowledged.add(number);
        else {
          const short = why.replace(/\b(?=\S*\d)\S{8,}/g, "_").slice(0, 80);
          this.refusals.set(short, (this.refusals.get(short) ?? 0) + 1);
          client?.close();
          client = null;
          await new Promise((over) => setTimeout(over, againMs));
        }
      }
    }
    client?.close();
  }

  /** @returns what was answered at last */
  async #one(
    client: SmtpClient,
    number: number,
    attempt: number,
  ): Promise<string> {
    for (
      const [line, wanted] of [
        [`MAIL FROM:<s@out.example>`, "250"],
        [`RCPT TO:<${this.to(number)}>`, "250"],
        ["DATA", "354"],
      ]
    ) {
      const said = await client.ask(line);
      if (!said.startsWith(wanted)) return `${line.slice(0, 4)}: ${said}`;
    }
    const text = this.#message(number, attempt).replaceAll("\n", "\r\n");
    let said = "";
    try {
      said = await client.ask(`${text}.`);
    } finally {
      if (!said.startsWith("250")) this.unsure++;
    }
    return said === "" ? "closed after the text" : said;
  }

  /** Looks at a folder of messages; what was seen there is not read again. */
  async look(folder: string): Promise<void> {
    try {
      for await (const { name } of Deno.readDir(folder)) {
        const path = `${folder}/${name}`;
        if (this.#read.has(path)) continue;
        this.#file(path, await Deno.readTextFile(path));
        this.#read.add(path);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #file(path: string, text: string): void {
    const number = /^X-Number: (\d+)$/m.exec(text)?.[1];
    const attempt = /^X-Attempt: (\d+)$/m.exec(text)?.[1];
    const wanted = /^X-Digest: (\w+)$/m.exec(text)?.[1];
    const body = text.slice(text.indexOf("\n\n") + 2);
    if (number === undefined || digest(body) !== wanted) {
      this.#broken.push(path);
      return;
    }
    const attempts = this.#copies.get(Number(number)) ?? new Map();
    this.#copies.set(Number(number), attempts);
    const times = attempts.get(Number(attempt)) ?? 0;
    attempts.set(Number(attempt), times + 1);
  }

  /** How many of those that were acknowledged are not there yet. */
  get missing(): number {
    return this.arrivals().lost.length;
  }

  arrivals(): Arrivals {
    let sentAgain = 0, deliveredAgain = 0;
    for (const attempts of this.#copies.values()) {
      sentAgain += attempts.size - 1;
      for (const times of attempts.values()) deliveredAgain += times - 1;
    }
    return {
      lost: [...this.acknowledged].filter((each) => !this.#copies.has(each)),
      ...{ broken: this.#broken, sentAgain, deliveredAgain },
    };
  }
}

async function greeted(port: number): Promise<SmtpClient> {
  const client = await SmtpClient.connect(port);
  try {
    const said = await client.reply() + await client.ask("EHLO c.example");
    if (!/^220 [^]*250 /.test(said)) throw new Error(`no greeting: ${said}`);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}
