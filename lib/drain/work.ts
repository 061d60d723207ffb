/**
 * A message that is at work: whom it is tried for, and what has come of it.
 *
 * @module
 */
import type { Queued } from "../queue/frame.ts";
import type { Taken } from "./intake.ts";
import type { Fate } from "./settlement.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A message whose connection was lost comes again by then, if to us at all. */
const patienceMs = 60_000;

/** The same for a message that comes again, and for no other. */
export const keyOf = ({ id, attempts, due, recipients }: Queued): string =>
  JSON.stringify([id, attempts, due, recipients]);

export class Work {
  readonly fates = new Map<string, Fate>();
  /** Deliveries that have not come to an end. */
  pending = 0;
  /** Whether any of it was handed to a target. */
  isStarted = false;
  isSettling = false;
  #takens: Taken[];
  #waiting: (() => void)[] = [];

  constructor(readonly facts: Queued, readonly text: Bytes, taken: Taken) {
    this.#takens = [taken];
  }

  /** Whether somebody may have delivered it before. */
  get isAgain(): boolean {
    return this.facts.attempts > 0 ||
      this.#takens.some(({ isAgain }) => isAgain);
  }

  /** Nobody could acknowledge it now. */
  get isLost(): boolean {
    return this.#takens.every(({ isLost }) => isLost);
  }

  /** It has come again, or twice, and is at work already. */
  adopt(taken: Taken): void {
    this.#takens = [...this.#takens.filter(({ isLost }) => !isLost), taken];
    for (const go of this.#waiting.splice(0)) go();
  }

  /** @returns false if it has not come again */
  async isOurs(): Promise<boolean> {
    if (!this.isLost) return true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return !this.isLost;
  }

  ack(): void {
    for (const taken of this.#takens) taken.ack();
  }
}
