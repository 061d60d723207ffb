/**
 * What all filters that are asked over a socket have in common: how long one
 * may take, what becomes of a message when it does not answer in time, and how
 * many are asked at once.
 *
 * @module
 */
import type { Refusal } from "../mail/answers.ts";
import type { Judgement } from "./filter.ts";

export interface Patience {
  /** For one message, or one recipient, from the question to the answer. */
  readonly seconds: number;
  /** What becomes of it where there is no answer. */
  readonly onFailure: "defer" | "accept";
}

/** Questions to one filter at once; others wait, within their patience. */
const questionsLimit = 50;

const unasked: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.7.1",
  text: "unable to check this message now, try again later",
};

/** What a client hears where there is no answer; null: nothing. */
export const refusalOf = ({ onFailure }: Patience): Refusal | null =>
  onFailure === "defer" ? unasked : null;

/** @param why there is no answer, for the log */
export const withoutAnswer = (patience: Patience, why: string): Judgement => ({
  verdict: refusalOf(patience) ?? "pass",
  remark: why,
});

/** No answer came within the time. */
export class Late extends Error {
  constructor(seconds: number) {
    super(`no answer within ${seconds} seconds`);
  }
}

/** Lets so many in at once; the others wait for their turn. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #used = 0;

  constructor(readonly limit = questionsLimit) {}

  /**
   * Does something when its turn has come.
   *
   * @param act is told by the signal that its time is over
   * @throws Late, and whatever act throws
   */
  async within<T>(
    seconds: number,
    act: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {}); // told by whoever waits for it
    const timer = setTimeout(() => {
      const late = new Late(seconds);
      over.abort(late);
      reject(late);
    }, seconds * 1000);
    try {
      await this.#enter(promise);
      try {
        return await Promise.race([act(over.signal), promise]);
      } finally {
        this.#leave();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * The same for what keeps its time itself.
   *
   * @param act is told how many of the seconds are left
   */
  async inTurn<T>(
    seconds: number,
    act: (left: number) => Promise<T>,
  ): Promise<T> {
    const since = performance.now();
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {}); // told by whoever waits for it
    const timer = setTimeout(() => reject(new Late(seconds)), seconds * 1000);
    try {
      await this.#enter(promise);
    } finally {
      clearTimeout(timer);
    }
    try {
      return await act(seconds - (performance.now() - since) / 1000);
    } finally {
      this.#leave();
    }
  }

  async #enter(late: Promise<never>): Promise<void> {
    if (this.#used < this.limit) {
      this.#used++;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await Promise.race([promise, late]);
    } catch (error) {
      // The turn may have come in the same moment.
      if (!this.#waiting.delete(resolve)) this.#leave();
      throw error;
    }
  }

  /** Hands the turn on. */
  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#used--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
