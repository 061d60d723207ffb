/**
 * A connection to a milter: packets out, replies in, within a question's time.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import { codeOf, reason } from "../base/reason.ts";
import type { ServiceAddress } from "../base/service_address.ts";
import { Allowance } from "./allowance.ts";
import {
  type Agreement,
  agreementIn,
  command,
  negotiation,
  packet,
  Replies,
  type Reply,
} from "./milter_codec.ts";
import { Late } from "./patience.ts";

const readBytes = 4096;
const unsentBytesLimit = 65_536;

/** Where so many connect at once that the kernel has no room for more. */
const againMs = 50;

/** That it is still at work. */
const progress = "p";

export class MilterConnection {
  readonly #replies = new Replies();
  readonly #ready: Reply[] = [];
  #unsent: Uint8Array<ArrayBuffer>[] = [];
  #unsentBytes = 0;
  #isOver = false;
  agreement: Agreement = { version: 0, actions: 0, steps: 0 };

  private constructor(
    readonly conn: Deno.Conn,
    /** Of the question that is being asked. */
    public allowance: Allowance,
  ) {}

  /**
   * Connects and negotiates.
   *
   * @throws Error that says why that was not to be
   */
  static async open(
    address: ServiceAddress,
    allowance: Allowance,
  ): Promise<MilterConnection> {
    const conn = await connected(address, allowance);
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay();
    const connection = new MilterConnection(conn, allowance);
    try {
      await connection.send(negotiation());
      connection.agreement = agreementIn(await connection.reply());
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it has agreed to leave a step out, or to have no reply to it. */
  agrees(step: number): boolean {
    return (this.agreement.steps & step) !== 0;
  }

  /** What is sent goes together, when a reply is wanted or it is much. */
  async send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    if (this.#unsentBytes > unsentBytesLimit) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#unsentBytes === 0) return;
    const bytes = concat(this.#unsent);
    this.#unsent = [];
    this.#unsentBytes = 0;
    await this.#within(this.#write(bytes));
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.conn.write(bytes));
    }
  }

  /** The next reply; one that it is at work gives it more time. */
  async reply(): Promise<Reply> {
    await this.flush();
    for (;;) {
      const reply = await this.#within(this.#next());
      if (reply.letter !== progress) return reply;
      this.allowance.renew();
    }
  }

  async #next(): Promise<Reply> {
    for (;;) {
      const reply = this.#ready.shift();
      if (reply) return reply;
      const buffer = new Uint8Array(readBytes);
      const n = await this.conn.read(buffer);
      if (n === null) throw new Error("it hung up");
      this.#ready.push(...this.#replies.push(buffer.subarray(0, n)));
    }
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    return await within(this.allowance, work, () => {
      work.catch(() => {}); // it ends by our closing
      this.close();
    });
  }

  /** Takes its leave, if it still listens. */
  quit(): void {
    if (this.#isOver) return;
    this.conn.write(packet(command.quit)).catch(() => {}) // it has gone
      .finally(() => this.close());
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.conn.close();
  }
}

async function connected(
  address: ServiceAddress,
  allowance: Allowance,
): Promise<Deno.Conn> {
  for (;;) {
    const connecting: Promise<Deno.Conn> = address.transport === "unix"
      ? Deno.connect(address)
      : Deno.connect(address);
    try {
      return await within(allowance, connecting, () => {
        connecting.then((late) => late.close(), () => {}); // nobody wants it
      });
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
}

/** @throws Late, when `late` has been called */
async function within<T>(
  allowance: Allowance,
  work: Promise<T>,
  late: () => void,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Late(allowance.seconds));
    late();
  }, allowance.leftMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether a milter is there, and negotiates.
 *
 * @returns why it does not; null if it does
 */
export async function milterFault(
  address: ServiceAddress,
  seconds: number,
): Promise<string | null> {
  try {
    const milter = await MilterConnection.open(address, new Allowance(seconds));
    milter.quit();
    return null;
  } catch (error) {
    return reason(error);
  }
}
