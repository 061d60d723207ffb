/**
 * Watches whether a shared queue is as it has to be: at the start, at each new
 * connection, and every minute. Nobody waits for it: gates ask what was seen
 * last.
 *
 * @module
 */
import type { ChannelModel } from "amqplib";
import type { Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { reason } from "../base/reason.ts";
import { inTime, noAnswerWithin } from "../net/in_time.ts";
import { findingLine, inOneLine, Remediable } from "./finding.ts";
import { connect, disconnect } from "./link.ts";
import { explained } from "./link_remedy.ts";
import { lookAt, managementOf } from "./looking.ts";
import type { Management } from "./management.ts";
import type { QueueOptions } from "./options.ts";
import { Remembered } from "./remembered.ts";
import { writtenUrl } from "./url.ts";

const everyMs = 60_000;
/** Somebody is mending it, or a node is coming back. */
const againMs = 5000;
/** All hosts of the management API may have to be tried. */
export const lookMs = 45_000;

export class QueueWatch {
  readonly #management: Management | null;
  readonly #trouble: LastingTrouble;
  readonly #place: string;
  readonly #remembered = new Remembered();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #refusal: string | null = "nobody has looked at the queue yet";
  #mostBytes: number | null = null;

  /** @param emit is told what is wrong, once */
  constructor(readonly options: QueueOptions, emit: Emit) {
    this.#management = managementOf(options);
    this.#trouble = new LastingTrouble(emit);
    this.#place = writtenUrl(options.url);
  }

  /** Why nothing may be put there, or taken; null if it may. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** Longer messages are not taken; null while that is not known. */
  get mostBytes(): number | null {
    return this.#mostBytes;
  }

  /** Looks, and goes on looking. @throws Error that says what is wrong */
  async start(): Promise<void> {
    this.#isClosed = false;
    await this.#look();
    if (this.#refusal !== null) throw new Error(this.#refusal);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** For a connection that was just made. @throws Error that says what is wrong */
  readonly check = async (model: ChannelModel): Promise<void> => {
    const looked = this.#linesOf(() => this.#linesBy(model))
      .then((lines) => this.#seen(lines));
    await this.#remembered.wait(looked);
    if (this.#refusal !== null) throw new Error(this.#refusal);
  };

  /**
   * What a broker said of a message that was too long: it tells its bound when
   * somebody goes beyond it, and in no other way.
   */
  tooLong(why: string): void {
    const bytes = /larger than configured max size (\d+)/.exec(why)?.[1];
    if (bytes !== undefined) this.#mostBytes = Number(bytes);
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#seen(await this.#linesOf(() => this.#linesOnce()));
  }

  /** Whoever has looked: while nothing is taken, the next look is soon. */
  #next(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const waitMs = this.#refusal === null ? everyMs : againMs;
    this.#timer = setTimeout(() => this.#look(), waitMs);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  #seen(lines: readonly string[]): void {
    this.#tell(lines);
    this.#next();
  }

  #tell(lines: readonly string[]): void {
    this.#refusal = inOneLine(lines, `postern queue status ${this.#place}`);
    if (this.#refusal === null) return this.#trouble.over();
    if (this.#isClosed) return;
    this.#trouble.tell([`unable to use ${this.#place}: ${this.#refusal}`]);
  }

  /** By a connection for this once. */
  async #linesOnce(): Promise<string[]> {
    const model = await connect(this.options, "postern, looking");
    try {
      return await this.#linesBy(model);
    } finally {
      await disconnect(model);
    }
  }

  async #linesBy(model: ChannelModel): Promise<string[]> {
    const { findings } = await lookAt(model, this.options, this.#management);
    return this.#remembered.wrongOf(findings, performance.now())
      .map(findingLine);
  }

  /** What cannot be seen is as if it were wrong. */
  async #linesOf(look: () => Promise<string[]>): Promise<string[]> {
    try {
      return await inTime(look(), lookMs, noAnswerWithin(lookMs));
    } catch (error) {
      return [whyUnseen(error)];
    }
  }
}

const whyUnseen = (error: unknown): string => {
  if (!(error instanceof Remediable)) return explained(reason(error));
  return error.remedy === null
    ? error.message
    : `${error.message}: ${error.remedy}`;
};
