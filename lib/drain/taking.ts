/**
 * The connection by which messages are taken from a shared queue, made anew
 * when it is lost. Those that are put there have connections of their own: a
 * broker that is short of space stops whoever puts something there.
 *
 * @module
 */
import type { ChannelModel } from "amqplib";
import { type Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { reason } from "../base/reason.ts";
import { isInTime } from "../net/in_time.ts";
import { connect, disconnect } from "../queue/link.ts";
import { explained } from "../queue/link_remedy.ts";
import type { QueueOptions } from "../queue/options.ts";
import type { Check } from "../queue/publisher.ts";
import { writtenUrl } from "../queue/url.ts";
import type { Intake } from "./intake.ts";

/** A broker that has gone is asked again after this, then twice as long. */
const firstPauseMs = 500, longestPauseMs = 30_000;
const checkMs = 60_000;
/** A broker that hangs does not keep us. */
const closingMs = 2000;

export class Taking {
  #model: ChannelModel | null = null;
  #place = 0;
  #pauseMs = firstPauseMs;
  #isStopped = false;
  #isOpening = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checking: ReturnType<typeof setInterval> | undefined;
  readonly #trouble: LastingTrouble;
  readonly #name: string;

  /**
   * @param check what has to hold, at each connection and every minute
   * @param emit is told of troubles
   */
  constructor(
    readonly options: QueueOptions,
    readonly intakes: readonly Intake[],
    readonly check: Check,
    emit: Emit,
  ) {
    this.#trouble = new LastingTrouble(emit);
    this.#name = writtenUrl(options.url);
  }

  /** @throws Error that says why nothing can be taken now */
  async start(): Promise<void> {
    await this.#open();
  }

  /** Takes nothing more; what was taken can be acknowledged. */
  async pause(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#checking);
    await Promise.all(this.intakes.map((intake) => intake.pause()));
  }

  async close(): Promise<void> {
    const model = this.#model;
    this.#model = null;
    if (model === null) return;
    const closed = Promise.all(this.intakes.map((intake) => intake.close()));
    await isInTime(closed, closingMs);
    await disconnect(model);
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      await this.#opened();
    } finally {
      this.#isOpening = false;
    }
  }

  async #opened(): Promise<void> {
    const model = await connect(
      this.options,
      "postern drain",
      this.#place++,
    );
    try {
      await this.check(model);
      this.#model = model;
      const lost = () => this.#lost(model, "the broker has ended it");
      model.on("close", (error) => {
        this.#lost(
          model,
          error === undefined ? "it was closed" : reason(error),
        );
      });
      for (const intake of this.intakes) await intake.start(model, lost);
      if (this.#model !== model) throw new Error("the broker has ended it");
    } catch (error) {
      for (const intake of this.intakes) intake.forget();
      this.#model = null;
      await disconnect(model);
      throw error;
    }
    this.#pauseMs = firstPauseMs;
    this.#trouble.over();
    clearInterval(this.#checking);
    this.#checking = setInterval(() => this.#look(model), checkMs);
  }

  /** What was taken belongs to the broker again. */
  #lost(model: ChannelModel, why: string): void {
    if (this.#model !== model) return;
    this.#trouble.tell([
      `the connection to ${this.#name} is lost: ${why}; it is made again`,
    ]);
    clearInterval(this.#checking);
    for (const intake of this.intakes) intake.forget();
    this.#model = null;
    disconnect(model);
    this.#again();
  }

  #again(): void {
    if (this.#isStopped || this.#isOpening) return;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    this.#timer = setTimeout(async () => {
      try {
        await this.#open();
      } catch (error) {
        this.#trouble.tell([
          `unable to take from ${this.#name}: ${explained(reason(error))}`,
        ]);
        this.#again();
      }
    }, pauseMs);
  }

  /** What is at work goes on, whatever is seen. */
  async #look(model: ChannelModel): Promise<void> {
    try {
      await this.check(model);
      if (this.#isStopped) return;
      this.#trouble.over();
      for (const intake of this.intakes) intake.resume();
    } catch (error) {
      if (this.#model !== model || this.#isStopped) return;
      this.#trouble.tell([
        `nothing is taken from ${this.#name}: ${reason(error)}`,
      ]);
      for (const intake of this.intakes) intake.pause();
    }
  }
}
