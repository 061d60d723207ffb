/**
 * Numbers for connections without a process of their own.
 *
 * @module
 */

/** A refused connection never had a process: a number that is never a pid. */
const abovePids = 2 ** 22; // Linux's PID_MAX_LIMIT

export class ConnectionNumbers {
  #next: number;

  /** @param step how many processes count, so that no two give the same */
  constructor(first = 1, readonly step = 1) {
    this.#next = first;
  }

  next(): number {
    const number = this.#next;
    this.#next += this.step;
    return number;
  }

  /** Where those that are served have pids. */
  nextAbovePids(): number {
    return abovePids + this.next();
  }
}
