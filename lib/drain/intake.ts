/**
 * Takes the messages of one queue, so many at once, and so many bytes: a broker
 * counts messages, of which one may be small or huge.
 *
 * @module
 */
import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";

type Bytes = Uint8Array<ArrayBuffer>;

/** A message that is ours until it is acknowledged, or its connection is lost. */
export interface Taken {
  readonly bytes: Bytes;
  /** Somebody had it before, and may have delivered it. */
  readonly isAgain: boolean;
  /** The broker gives it to somebody again. */
  readonly isLost: boolean;
  /** It is settled. */
  ack(): void;
}

/** At first: of what lies there nothing is known, and all may be large. */
const firstMessages = 10;
/** So many of a size are looked at before more are taken at once. */
const sampleMessages = 50;

export class Intake {
  #channel: Channel | null = null;
  /** Of the consumer; null while there is none. */
  #tag: string | null = null;
  #count: number;
  #heldBytes = 0;
  #held = 0;
  #sample = firstMessages;
  /** Of the messages since the number was last chosen. */
  #seen = 0;
  #seenBytes = 0;
  /** Somebody else wants nothing to be taken. */
  #isPaused = false;
  /** Consumers come and go one after the other. */
  #changing: Promise<void> = Promise.resolve();

  /**
   * @param most messages at once
   * @param budgetBytes of all of them together, about
   * @param take is given each
   * @param lost is called when none of them is ours any more
   */
  constructor(
    readonly queue: string,
    readonly most: number,
    readonly budgetBytes: number,
    readonly take: (taken: Taken) => void,
    readonly lost: () => void = () => {},
  ) {
    this.#count = Math.min(most, firstMessages);
  }

  get held(): number {
    return this.#held;
  }

  /**
   * Takes from now on.
   *
   * @param broken is called when the broker ends it
   */
  async start(model: ChannelModel, broken: () => void): Promise<void> {
    const channel = await model.createChannel();
    this.#channel = channel;
    this.#tag = null;
    this.#held = this.#heldBytes = 0;
    channel.on("error", () => {}); // `close` comes after it
    channel.on("close", broken);
    this.#broken = broken;
    this.#adapt();
    await this.#changing;
  }

  #broken: () => void = () => {};

  /** Takes nothing more; what was taken is still ours. */
  pause(): Promise<void> {
    this.#isPaused = true;
    this.#adapt();
    return this.#changing;
  }

  resume(): void {
    this.#isPaused = false;
    this.#adapt();
  }

  /**
   * Ends it, with all that was acknowledged: that would be lost with the
   * connection, which does not wait for what its channels have said last.
   */
  async close(): Promise<void> {
    const channel = this.#channel;
    this.forget();
    try {
      await channel?.close();
    } catch {
      // It has gone, and what was acknowledged comes again.
    }
  }

  /** The connection has gone. */
  forget(): void {
    this.#channel?.removeAllListeners("close");
    this.#channel = null;
    this.#tag = null;
    this.#held = this.#heldBytes = 0;
    this.lost();
  }

  /** Begins or ends a consumer, as the bytes in memory want it. */
  #adapt(): void {
    const channel = this.#channel;
    this.#changing = this.#changing.then(async () => {
      if (channel === null || channel !== this.#channel) return;
      const isFull = this.#heldBytes > this.budgetBytes;
      const hasRoom = this.#heldBytes <= this.budgetBytes / 2;
      if (this.#tag === null) {
        if (!this.#isPaused && hasRoom) await this.#consume(channel);
      } else if (this.#isPaused || isFull || this.#takesTooFew) {
        const tag = this.#tag;
        this.#tag = null;
        await channel.cancel(tag);
        if (!this.#isPaused && !isFull) await this.#consume(channel);
      }
    }).catch(() => this.#broken());
  }

  /** As many as there would be room for, were all like those before. */
  async #consume(channel: Channel): Promise<void> {
    if (this.#seen > 0) this.#sample = sampleMessages;
    this.#count = this.#fitting;
    this.#seen = this.#seenBytes = 0;
    await channel.prefetch(this.#count);
    const { consumerTag } = await channel.consume(this.queue, (message) => {
      if (message === null) this.#broken(); // the queue has gone
      else this.#taken(channel, message);
    });
    this.#tag = consumerTag;
  }

  get #fitting(): number {
    if (this.#seen === 0) return this.#count;
    const fit = Math.floor(this.budgetBytes * this.#seen / this.#seenBytes);
    return Math.min(this.most, Math.max(1, fit));
  }

  /** What has come lately is smaller than what came before. */
  get #takesTooFew(): boolean {
    return this.#seen >= this.#sample && this.#count < this.most &&
      this.#fitting >= 2 * this.#count;
  }

  #taken(channel: Channel, message: ConsumeMessage): void {
    const { content, fields } = message;
    const bytes = new Uint8Array(content); // the library's may be of more
    const { length } = bytes;
    this.#held++;
    this.#heldBytes += length;
    this.#seen++;
    this.#seenBytes += length;
    if (this.#heldBytes > this.budgetBytes || this.#takesTooFew) this.#adapt();
    const isGone = () => this.#channel !== channel;
    let isSettled = false;
    this.take({
      bytes,
      isAgain: fields.redelivered,
      get isLost() {
        return isGone();
      },
      ack: () => {
        if (isSettled || isGone()) return;
        isSettled = true;
        this.#held--;
        this.#heldBytes -= length;
        try {
          channel.ack(message);
        } catch {
          return; // it has just been closed, and the message comes again
        }
        if (this.#tag === null) this.#adapt();
      },
    });
  }
}
