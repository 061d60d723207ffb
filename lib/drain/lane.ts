/**
 * The deliveries to one domain by one target: those that run, those that wait,
 * and how many may run at once. Pure.
 *
 * @module
 */

/** A target that takes longer has too much to do, or hangs. */
const slowMs = 10_000, quickMs = 5000;
/** Without any end of a delivery for so long nobody can say when one comes. */
const stuckMs = 2000;
/** How long what is set aside rests: longer each time that nothing has come. */
const asideMs = 15_000, longestAsideMs = 15 * 60_000;

interface Waiting<J> {
  readonly job: J;
  readonly since: number;
}

export class Lane<J> {
  readonly #waiting: Waiting<J>[] = [];
  readonly #running = new Map<J, number>();
  /** How many may run at once: more while they end, fewer while they hang. */
  #window: number;
  #endedAt = -Infinity;
  #asideMs = asideMs;
  #asideUntil = -Infinity;
  #usedAt = 0;

  /**
   * @param target where they go
   * @param first how many run at once of one that nobody knows yet
   * @param most how many may ever
   */
  constructor(
    readonly target: unknown,
    readonly first: number,
    readonly most: number,
  ) {
    this.#window = first;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get window(): number {
    return this.#window;
  }

  /** Nothing is known of it that is worth keeping. */
  isForgettable(now: number): boolean {
    if (this.running + this.waiting > 0) return false;
    const isKnown = this.#window < this.first || this.#asideUntil > now;
    return !isKnown || now > this.#usedAt + 2 * longestAsideMs;
  }

  /** It hangs, or has hung when it was last tried. */
  isSlow(now: number): boolean {
    return this.#window < this.first || this.isStuck(now);
  }

  /** All that may run do, and none of them has ended for a while. */
  isStuck(now: number): boolean {
    if (this.running < this.#window) return false;
    const [oldest = now] = this.#running.values(); // in the order of their starts
    return now - Math.max(oldest, this.#endedAt) > stuckMs;
  }

  wait(job: J, now: number): void {
    this.#usedAt = now;
    this.#waiting.push({ job, since: now });
  }

  /** The one that has waited longest starts now. */
  start(now: number): J {
    const { job } = this.#waiting.shift()!;
    this.#running.set(job, now);
    this.#usedAt = now;
    return job;
  }

  end(job: J, now: number): void {
    const tookMs = now - this.#running.get(job)!;
    this.#running.delete(job);
    this.#endedAt = this.#usedAt = now;
    if (tookMs >= slowMs) {
      this.#window = Math.max(1, Math.floor(this.#window / 2));
    } else if (tookMs < quickMs) {
      this.#window = Math.min(this.most, this.#window + 1);
      this.#asideMs = asideMs;
    }
  }

  /**
   * Those that wait for nothing and keep others from being seen.
   *
   * @param keep so many may go on waiting
   */
  leave(keep: number, now: number): J[] {
    if (this.waiting <= keep || !this.isStuck(now)) return [];
    return this.#waiting.splice(keep).map(({ job }) => job);
  }

  /** All that wait. */
  leaveAll(): J[] {
    return this.#waiting.splice(0).map(({ job }) => job);
  }

  /** How long what is set aside now has to rest. */
  asidePause(now: number): number {
    if (now >= this.#asideUntil) {
      // It has come back once, and it is no better.
      if (this.#asideUntil > 0) {
        this.#asideMs = Math.min(longestAsideMs, this.#asideMs * 2);
      }
      this.#asideUntil = now + this.#asideMs;
    }
    return this.#asideMs;
  }
}
