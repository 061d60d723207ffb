/**
 * Messages that rest until they are tried again. The broker has no clock for
 * them: whoever has the first of a queue holds it until it is due, and then
 * puts a copy where it is delivered from.
 *
 * @module
 */
import { type Queued, unframed } from "../queue/frame.ts";
import type { Taken } from "./intake.ts";
import type { Put } from "./put.ts";

/**
 * A broker ends the channel of who keeps a message for half an hour (its
 * consumer_timeout). Before that, a copy goes to the end of the queue.
 */
const usualHoldMs = 20 * 60_000;

export interface RestingRules {
  /** Where it is, and where it goes when it is due. */
  readonly queue: string;
  readonly ready: string;
  readonly put: Put;
  /** What is no message of ours. */
  readonly unknown: (taken: Taken, why: string) => Promise<void>;
  /** Resolves when there is room for one that was tried before. */
  readonly turn: () => Promise<void>;
  /** Nobody has a message rest for so long. */
  readonly longestMs: number;
  readonly holdMs?: number;
}

export class Resting {
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(readonly rules: RestingRules) {}

  readonly take = (taken: Taken): void => {
    let facts: Queued;
    try {
      ({ facts } = unframed(taken.bytes));
    } catch (error) {
      this.rules.unknown(taken, (error as Error).message);
      return;
    }
    const { holdMs = usualHoldMs, longestMs } = this.rules;
    const leftMs = facts.due - Date.now();
    // A clock was wrong when it was put there, or has been set back since.
    const waitMs = leftMs > longestMs ? 0 : leftMs;
    this.#after(Math.min(waitMs, holdMs), async () => {
      const { queue, ready, put, turn } = this.rules;
      const isDue = waitMs <= holdMs;
      if (isDue) await turn();
      const to = isDue ? ready : queue;
      const isThere = await put(to, taken.bytes, facts.id, taken);
      if (isThere) taken.ack();
    });
  };

  /** Nothing is held any more; the broker keeps it. */
  stop(): void {
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
  }

  #after(milliseconds: number, act: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, Math.max(0, milliseconds));
    this.#timers.add(timer);
  }
}
