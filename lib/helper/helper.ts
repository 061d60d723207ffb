/**
 * A process of our own that does the work whose cost a stranger chooses. It is
 * there from the first question on, and bounded: what takes it too long ends
 * it, and the others are asked again of its successor.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { printable } from "../base/foreign_text.ts";
import { Asked, clientOf } from "./asked.ts";
import { KnownClients } from "../base/known_clients.ts";
import { FairQueue } from "./queue.ts";
import { ANSWER, CALL, FAIL, type Frame, IDLE, Nonsense } from "./frames.ts";
import { HelperProcess } from "./process.ts";
import type { Question } from "./question.ts";
import { type Role, roles, type Started, startHelper } from "./role.ts";

/** Until one that could not be started is tried again, doubled each time. */
const shortestBackoffMs = 1000, longestBackoffMs = 60_000;
/** One whose helper has ended so often is given up. */
const mostAttempts = 3;
/** Whose question ended a helper has to wait for all others so long. */
const blameMs = 60_000;
/** Who has shown that he is no stranger comes before others so long. */
const preferenceMs = 24 * 3600 * 1000;
/** Who has shown the contrary comes after others so long. */
const suspicionMs = 600_000;
/** To say what there is, after the time of a question. */
const graceMs = 5000;
/** Without questions; then its memory is given back. */
const idleMs = 300_000;
const errorLimit = 200;

export class Helper {
  readonly #all = new FairQueue<Asked>();
  /** Those with something to send. */
  readonly #ready = new FairQueue<Asked>();
  readonly #begun = new Map<number, Asked>();
  #process: HelperProcess | null = null;
  /** For whom it works now. */
  #current: Asked | null = null;
  /** And has answered, so that nothing which comes after is its fault. */
  #hasAnswered = false;
  #lastNumber = 0;
  #notBefore = 0;
  #backoffMs = shortestBackoffMs;
  readonly #blamed = new KnownClients(blameMs);
  readonly #preferred = new KnownClients(preferenceMs);
  readonly #suspected = new KnownClients(suspicionMs);
  #idle: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param emit is told of troubles
   * @param start executes one
   */
  constructor(
    readonly role: Role,
    readonly emit: Emit,
    readonly start: (role: Role) => Started = startHelper,
  ) {}

  /**
   * The answer; null if there is none for now: the question took too long,
   * there is no room for it, or there is no helper.
   */
  ask<T>(question: Question<T>): Promise<T | null> {
    if (performance.now() < this.#notBefore) return Promise.resolve(null);
    return new Promise((resolve) => {
      const number = this.#lastNumber = this.#lastNumber % 0xffff_ffff + 1;
      const asked = new Asked(number, question, (answer) => {
        clearTimeout(timer);
        resolve(answer as T | null);
      });
      let timer = setTimeout(() => {
        if (!asked.isBegun) return this.#giveUp(asked);
        asked.hurry();
        this.#ready.add(asked);
        timer = setTimeout(() => this.#giveUp(asked), graceMs);
        this.#next();
      }, question.seconds * 1000);
      this.#all.add(asked);
      this.#ready.add(asked);
      if (this.#all.size > roles[this.role].mostQuestions) {
        this.#giveUp(this.#all.most()!);
      }
      this.#next();
    });
  }

  /** A client, by its address, has shown that it is no stranger. */
  prefer(client: string): void {
    this.#preferred.add(clientOf(client), performance.now());
  }

  /** A client, by its address, behaves as strangers do that guess. */
  suspect(client: string): void {
    this.#suspected.add(clientOf(client), performance.now());
  }

  /**
   * Ends the helper; questions are answered by null. Resolves when the process
   * has gone.
   */
  async close(): Promise<void> {
    for (const asked of [...this.#all]) this.#settle(asked, null);
    clearTimeout(this.#idle);
    const process = this.#process;
    process?.dismiss();
    process?.end(null);
    await process?.gone;
  }

  #giveUp(asked: Asked): void {
    this.#settle(asked, null);
    if (!asked.isBegun) return;
    asked.hurry(); // it need not go on
    this.#ready.add(asked);
    this.#next();
  }

  #settle(asked: Asked, answer: unknown): void {
    this.#all.delete(asked);
    this.#ready.delete(asked);
    asked.settle(answer);
  }

  /** Sends what is next, if the helper has nothing to do. */
  #next(): void {
    clearTimeout(this.#idle);
    if (this.#process === null) return this.#start();
    if (!this.#process.isIdle) return;
    const now = performance.now();
    const asked = this.#ready.next((client) => this.#rank(client, now));
    if (asked === null) return this.#rest();
    this.#current = asked;
    this.#hasAnswered = false;
    this.#begun.set(asked.number, asked);
    this.#process.send(asked.next(), roles[this.role].stepSeconds);
    if (asked.hasUnsent) this.#ready.add(asked);
  }

  /** Those of a lower one come first. */
  #rank(client: string, now: number): number {
    if (this.#blamed.has(client, now)) return 3;
    if (this.#preferred.has(client, now)) return 0;
    return this.#suspected.has(client, now) ? 2 : 1;
  }

  #rest(): void {
    if (this.#all.size > 0) return;
    this.#idle = setTimeout(() => this.#process?.dismiss(), idleMs);
    Deno.unrefTimer(this.#idle);
  }

  #start(): void {
    if (this.#ready.size === 0) return;
    try {
      this.#process = new HelperProcess(this.start(this.role), {
        heard: (frame) => this.#heard(frame),
        ended: (why) => this.#ended(why),
      });
    } catch (error) {
      this.emit(trouble(`unable to run the helper for ${this.role}`, error));
      this.#backOff();
    }
  }

  /** @throws Nonsense */
  #heard({ kind, question, call, bytes }: Frame): void {
    if (kind === IDLE) {
      this.#current = null;
      this.#backoffMs = shortestBackoffMs;
      return this.#next();
    }
    const asked = this.#current;
    if (asked === null || asked.number !== question) {
      throw new Nonsense("about a question that is not its turn");
    }
    switch (kind) {
      case CALL: {
        const process = this.#process!;
        return asked.call(call, bytes, () => {
          this.#ready.add(asked);
          this.#next();
        }, (error) => process.end(String(error)));
      }
      case ANSWER:
        // Nobody may be waiting any more.
        if (asked.isOpen) this.#settle(asked, asked.question.read(bytes));
        this.#hasAnswered = true;
        break;
      case FAIL:
        if (asked.isOpen) this.#complain(bytes);
        this.#settle(asked, null);
        break;
      default:
        throw new Nonsense("of no kind");
    }
    asked.isBegun = false;
    this.#ready.delete(asked);
    this.#begun.delete(question);
  }

  #complain(bytes: Uint8Array<ArrayBuffer>): void {
    const why = printable(new TextDecoder().decode(bytes), errorLimit);
    this.emit(trouble(`the helper for ${this.role}: ${why}`));
  }

  /** @param why null if it was to end */
  #ended(why: string | null): void {
    const { wasReady } = this.#process!;
    const guilty = this.#hasAnswered ? null : this.#current;
    this.#process = null;
    this.#current = null;
    if (why !== null) {
      const whose = guilty ? ` while it worked for ${guilty.client}` : "";
      const what = printable(why, errorLimit);
      this.emit(trouble(`the helper for ${this.role} ${what}${whose}`));
    }
    if (guilty) this.#blame(guilty);
    for (const asked of this.#begun.values()) {
      asked.reset();
      this.#ready.delete(asked);
      if (!asked.isOpen) continue;
      if (asked.attempts >= mostAttempts) this.#settle(asked, null);
      else this.#ready.add(asked);
    }
    this.#begun.clear();
    if (why !== null && !wasReady) this.#backOff();
    else this.#next();
  }

  #blame(asked: Asked): void {
    this.#begun.delete(asked.number);
    this.#settle(asked, null);
    this.#blamed.add(asked.client, performance.now());
  }

  /** Without a helper nobody waits for one. */
  #backOff(): void {
    this.#notBefore = performance.now() + this.#backoffMs;
    this.#backoffMs = Math.min(2 * this.#backoffMs, longestBackoffMs);
    for (const asked of [...this.#all]) this.#settle(asked, null);
  }
}
