/**
 * How long things of one kind take, counted by classes: without a list of them.
 *
 * @module
 */

/** Bounds of the classes, in milliseconds. */
const classBoundsMs = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

export class Durations {
  /** Durations by class; the last one holds what is above all bounds. */
  readonly #counts = new Array<number>(classBoundsMs.length + 1).fill(0);
  longestMs = 0;
  /** Of all together. */
  totalMs = 0;
  count = 0;

  record(milliseconds: number): void {
    this.count++;
    this.totalMs += milliseconds;
    if (milliseconds > this.longestMs) this.longestMs = milliseconds;
    let i = 0;
    while (milliseconds > classBoundsMs[i]) i++;
    this.#counts[i]++;
  }

  /** How many took at most so long, for each bound; the last is Infinity. */
  classes(): { readonly boundMs: number; readonly below: number }[] {
    let below = 0;
    return this.#counts.map((count, i) => ({
      boundMs: classBoundsMs[i] ?? Infinity,
      below: below += count,
    }));
  }

  /**
   * A bound that this part of all turns stayed below, as close as the classes
   * are.
   *
   * @param part from 0 to 1
   */
  below(part: number): number {
    let seen = 0;
    for (const [i, bound] of classBoundsMs.entries()) {
      seen += this.#counts[i];
      if (seen >= part * this.count) return Math.min(bound, this.longestMs);
    }
    return this.longestMs;
  }
}
