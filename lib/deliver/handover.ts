/**
 * A message that is handed to a next hop while it comes: its recipients are
 * asked about one by one, its text is passed on and never held, and what the
 * next hop says of it in the end is what became of it.
 *
 * @module
 */
import type { Delivery, Refusal } from "../mail/answers.ts";
import type { Envelope } from "../mail/envelope.ts";
import { never, type Ticker, ticker, type Timed } from "../net/deadlines.ts";
import { HopConnection } from "../next_hop/connection.ts";
import type { HopPool, Resting } from "../next_hop/pool.ts";
import { toBytes } from "../base/bytes.ts";
import { later } from "../smtp_client/answer.ts";
import { type Beginning, whyNotWritable } from "../smtp_client/beginning.ts";
import { DataText } from "../smtp_client/text.ts";
import type { Message, Outcome } from "./target.ts";

/**
 * A client that goes on no sooner, or whose connection somebody else wants
 * meanwhile, does so without one. The recipients are told again when the text
 * comes.
 */
const holdSeconds = 30;

export class Handover implements Timed, Resting {
  #connection: HopConnection | null = null;
  /** Recipients that the next hop has taken. */
  #taken: readonly string[] = [];
  #isLeft = false;
  #until = never;
  #beginning: Beginning;
  /** Sender or recipients are not those that the client has named. */
  #isChanged = false;

  constructor(
    readonly pool: HopPool,
    beginning: Beginning,
    readonly clock: Ticker = ticker,
  ) {
    this.#beginning = beginning;
  }

  /** RCPT's answer: null if the next hop takes mail for it. */
  async recipient(address: string): Promise<Refusal | null> {
    const why = whyNotWritable(address);
    if (why !== null) return why;
    return await this.#with(async (connection) => {
      const refusal = await connection.recipient(address);
      if (refusal === null) this.#taken = [...this.#taken, address];
      return refusal;
    });
  }

  /** Asks for leave to send the text. */
  async open(envelope: Envelope): Promise<Message | Refusal> {
    const { sender, recipients } = envelope;
    const hasOtherSender = sender !== this.#beginning.sender;
    if (hasOtherSender || !isSame(recipients, this.#taken)) {
      const why = recipients.map(whyNotWritable).find((why) => why !== null);
      if (why) {
        this.leave();
        return why;
      }
      this.#giveBack();
      this.#isChanged = true;
      this.#taken = recipients;
      this.#beginning = { ...this.#beginning, sender };
    }
    let opened: HopConnection | null = null;
    const refusal = await this.#with(async (connection) => {
      const refusal = await connection.data();
      if (refusal === null) {
        opened = connection;
        this.#connection = null; // the message's now
      }
      return refusal;
    });
    if (refusal !== null || opened === null) {
      this.leave();
      return refusal ?? left;
    }
    return new HandedMessage(this.pool, opened);
  }

  /** It comes to nothing. */
  leave(): void {
    this.#isLeft = true;
    this.giveBack();
  }

  tick(now: number): void {
    if (now >= this.#until) this.giveBack();
  }

  /** Goes without a connection, until it needs one again. */
  giveBack(): void {
    this.#giveBack();
    this.#rest();
  }

  /**
   * Asks something of a connection that knows of all that was taken. One that
   * was used before may have been closed meanwhile, by a next hop that is there
   * all the same: then a new one is asked. Nothing of a text is sent by then.
   */
  async #with(
    act: (connection: HopConnection) => Promise<Refusal | null>,
  ): Promise<Refusal | null> {
    this.#until = never;
    this.pool.wakes(this);
    for (let isFresh = false;; isFresh = true) {
      const connection = await this.#resumed(isFresh);
      const answer = connection instanceof HopConnection
        ? await act(connection)
        : connection;
      const used = connection instanceof HopConnection ? connection : null;
      if (used?.lost && this.#connection === used) this.#connection = null;
      const isStale = used?.lost && used.isUsed && !isFresh && !this.#isLeft;
      if (isStale) continue;
      this.#rest();
      return answer;
    }
  }

  async #resumed(isFresh: boolean): Promise<HopConnection | Refusal> {
    if (this.#connection && !this.#connection.lost) return this.#connection;
    const connection = await this.pool.take(this.#beginning.client, isFresh);
    if (!(connection instanceof HopConnection)) return connection;
    this.#connection = connection;
    if (this.#isLeft) {
      this.#giveBack();
      return left;
    }
    connection.begin(this.#beginning);
    const answers = await Promise.all(
      this.#taken.map((address) => connection.recipient(address)),
    );
    const refusal = answers.find((answer) => answer !== null);
    if (!refusal) return connection;
    // Whoever asks for this one finds it lost, and tries another.
    if (connection.lost && connection.isUsed && !isFresh) return connection;
    this.#giveBack();
    if (this.#isChanged) return refusal;
    return later("4.5.0", `the next hop has thought again: ${refusal.text}`);
  }

  #giveBack(): void {
    const connection = this.#connection;
    this.#connection = null;
    if (connection === null) return;
    connection.reset();
    this.pool.release(connection);
  }

  /** Nobody asks anything now; a connection is held for a while. */
  #rest(): void {
    if (this.#connection === null) {
      this.#until = never;
      this.clock.remove(this);
      this.pool.wakes(this);
    } else {
      this.#until = this.clock.after(holdSeconds);
      this.clock.add(this);
      this.pool.rests(this);
    }
  }
}

class HandedMessage implements Message {
  readonly #text = new DataText();
  #isOver = false;

  constructor(readonly pool: HopPool, readonly connection: HopConnection) {}

  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    return this.connection.write(this.#text.encode(bytes));
  }

  async commit(): Promise<Outcome> {
    this.#isOver = true;
    const { connection, pool } = this;
    const outcomes = await connection.finish(toBytes(this.#text.end()));
    pool.release(connection);
    return oneOrEach(outcomes);
  }

  /** Without its end it is no message, and the next hop forgets it. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.connection.close();
  }
}

/** A server says it once for all, LMTP's for each. */
const oneOrEach = (outcomes: readonly Delivery[]): Outcome =>
  outcomes.length === 1 ? outcomes[0] : outcomes;

const isSame = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((each, i) => each === other[i]);

const left = later("4.4.2", "the client left");
