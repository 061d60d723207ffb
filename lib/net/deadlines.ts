/**
 * Many deadlines, one timer: a look a second at all that wait costs less than a
 * timer that is set anew at each read of each connection, and a number less
 * memory than a timer.
 *
 * @module
 */

const tickMs = 1000;

/** A time that never comes. */
export const never = 2 ** 30;

/** Somebody who has deadlines, and compares them with the ticks. */
export interface Timed {
  /** @param now the tick that it is */
  tick(now: number): void;
}

export class Ticker {
  readonly #timed = new Set<Timed>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #now = 0;

  /** @param isByHand no timer runs, and advance() makes the time go by */
  constructor(readonly isByHand = false) {}

  /**
   * The tick in which a time is over that begins now: up to a second later
   * than that, never sooner.
   *
   * @param seconds 0 for a time that is never over
   */
  after(seconds: number): number {
    return seconds === 0 ? never : this.#now + Math.ceil(seconds) + 1;
  }

  add(timed: Timed): void {
    this.#timed.add(timed);
    if (this.isByHand) return;
    this.#timer ??= setInterval(() => this.advance(), tickMs);
  }

  remove(timed: Timed): void {
    this.#timed.delete(timed);
    if (this.#timed.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A second has gone by. */
  advance(): void {
    this.#now++;
    for (const timed of this.#timed) timed.tick(this.#now);
  }
}

/** The process's own. */
export const ticker = new Ticker();
