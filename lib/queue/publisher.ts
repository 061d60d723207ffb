/**
 * Puts messages into a shared queue. One is in it when its own confirm has come,
 * without an error, and without its having been returned before: a queue that is
 * gone confirms, too.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import { type Emit, trouble } from "../base/events.ts";
import { reason } from "../base/reason.ts";
import { inTime } from "../net/in_time.ts";
import { connect, disconnect } from "./link.ts";
import type { QueueOptions } from "./options.ts";

/** What became of a message; `stored`: a majority has it on their disks. */
export type Published =
  | { readonly type: "stored" }
  /** It may be in the queue all the same: a confirm can come too late. */
  | {
    readonly type: "unsure" | "blocked" | "tooLong" | "returned";
    readonly why: string;
  };

/** Long ones have a connection of their own: others would wait behind them. */
const longBytes = 1 << 20;
/** A broker that has gone is not asked again at once. */
const pauseMs = 1000;

/** What has to hold of a broker, looked at when it has been connected. */
export type Check = (model: ChannelModel) => Promise<void>;

export class Publisher {
  readonly #short: Lane;
  readonly #long: Lane;

  /**
   * @param check throws an Error that says why nothing may be put there
   * @param emit is told of troubles
   */
  constructor(
    readonly options: QueueOptions,
    check: Check,
    emit: Emit,
  ) {
    this.#short = new Lane(options, check, emit, "postern");
    this.#long = new Lane(options, check, emit, "postern, long messages");
  }

  /** Why nothing can be taken now; null if there is no reason that we know of. */
  get blocked(): string | null {
    return this.#short.blocked ?? this.#long.blocked;
  }

  /** Connects, if that has not been done. @throws Error */
  async prepare(): Promise<void> {
    await this.#short.channel();
  }

  /** @param id by which the broker tells of it; not another's at that time */
  publish(
    queue: string,
    body: Uint8Array<ArrayBuffer>,
    id: string,
  ): Promise<Published> {
    const lane = body.length > longBytes ? this.#long : this.#short;
    return lane.publish(queue, body, id);
  }

  async close(): Promise<void> {
    await Promise.all([this.#short.close(), this.#long.close()]);
  }
}

/** One connection, made anew when it is lost. */
class Lane {
  #opening: Promise<ConfirmChannel> | null = null;
  #model: ChannelModel | null = null;
  /** The one that is open, of which messages of an older one say nothing. */
  #channel: ConfirmChannel | null = null;
  #openedAt = -Infinity;
  #place = 0;
  #serial = 0;
  /** Those that the broker has sent back, until it confirms them. */
  readonly #returned = new Map<string, string>();
  blocked: string | null = null;
  /** Why the broker has closed the channel. */
  #lastError: string | null = null;

  constructor(
    readonly options: QueueOptions,
    readonly check: Check,
    readonly emit: Emit,
    readonly name: string,
  ) {}

  async publish(
    queue: string,
    body: Uint8Array<ArrayBuffer>,
    id: string,
  ): Promise<Published> {
    if (this.blocked !== null) return { type: "blocked", why: this.blocked };
    const { confirmSeconds } = this.options;
    const endsAt = performance.now() + confirmSeconds * 1000;
    let channel: ConfirmChannel;
    try {
      channel = await this.#channelBy(endsAt);
    } catch (error) {
      return { type: "unsure", why: reason(error) };
    }
    const messageId = `${id}/${++this.#serial}`;
    const { promise, resolve } = Promise.withResolvers<Published>();
    const timer = setTimeout(() => {
      const why = this.blocked;
      if (why !== null) return resolve({ type: "blocked", why });
      resolve({
        type: "unsure",
        why: `no confirm in ${confirmSeconds} seconds`,
      });
      this.#lose(channel); // who says nothing for so long hangs
    }, Math.max(0, endsAt - performance.now()));
    try {
      channel.publish(
        "",
        queue,
        Buffer.from(body.buffer, body.byteOffset, body.length),
        {
          mandatory: true,
          persistent: true,
          messageId,
          contentType: "application/octet-stream",
        },
        (error) => resolve(this.#said(messageId, body.length, error)),
      );
    } catch (error) {
      resolve({ type: "unsure", why: reason(error) });
    }
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#returned.delete(messageId);
    }
  }

  #said(messageId: string, bytes: number, error: unknown): Published {
    const returned = this.#returned.get(messageId);
    if (returned !== undefined) return { type: "returned", why: returned };
    if (!error) return { type: "stored" };
    const why = this.#lastError ?? reason(error);
    // A channel ends with one that is too long, and with it all others on it.
    const [, most] = / larger than configured max size (\d+)/.exec(why) ?? [];
    return { type: bytes > Number(most) ? "tooLong" : "unsure", why };
  }

  /** @throws Error that says why there is none */
  channel(): Promise<ConfirmChannel> {
    if (this.#opening !== null) return this.#opening;
    const opening = this.#opening = this.#open();
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = null;
    });
    return opening;
  }

  /** Connecting goes on for others when one message has waited too long. */
  #channelBy(endsAt: number): Promise<ConfirmChannel> {
    const leftMs = endsAt - performance.now();
    const why = "no broker that may be used answers in time";
    return inTime(this.channel(), leftMs, why);
  }

  async #open(): Promise<ConfirmChannel> {
    const waitMs = this.#openedAt + pauseMs - performance.now();
    if (waitMs > 0) await new Promise((go) => setTimeout(go, waitMs));
    this.#openedAt = performance.now();
    const model = await connect(this.options, this.name, this.#place++);
    try {
      await this.check(model);
      const channel = await model.createConfirmChannel();
      this.#model = model;
      this.#channel = channel;
      this.blocked = null;
      model.on("blocked", (why) => this.blocked = `the broker says: ${why}`);
      model.on("unblocked", () => this.blocked = null);
      model.on("close", () => this.#lose(channel));
      this.#lastError = null;
      // Of which the channel says no more than that it was closed.
      model.on("error", (error) => this.#lastError = reason(error));
      channel.on("error", (error) => this.#lastError = reason(error));
      channel.on("close", () => this.#lose(channel));
      channel.on("return", ({ fields, properties }) => {
        const { replyText } = fields as unknown as { replyText?: string };
        this.#returned.set(properties.messageId, replyText ?? "no such queue");
      });
      return channel;
    } catch (error) {
      await disconnect(model);
      throw error;
    }
  }

  /** What was on its way in it is told by the library, or by its own deadline. */
  #lose(channel: ConfirmChannel): void {
    const model = this.#model;
    if (model === null || channel !== this.#channel) return;
    this.#model = null;
    this.#channel = null;
    this.#opening = null;
    this.blocked = null;
    channel.removeAllListeners("close");
    disconnect(model).catch((error) => {
      this.emit(
        trouble(`unable to leave the queue's broker: ${reason(error)}`),
      );
    });
  }

  async close(): Promise<void> {
    const model = this.#model;
    this.#model = null;
    this.#opening = null;
    if (model) await disconnect(model);
  }
}
