/**
 * Whose turn it is: so many deliveries at once, shared among domains and
 * targets so that those who hang do not hold the others. Pure.
 *
 * A domain that nobody knows has a fifth of the places. It gets more, one for
 * each delivery that ends soon, and fewer when deliveries hang. The last fifth
 * is for domains of which none runs. What waits for a domain that hangs is set
 * aside: it goes back to the queue and comes again later, so that what is
 * behind it can be seen.
 *
 * @module
 */
import { Lane } from "./lane.ts";

export interface Places {
  /** Deliveries at once. */
  readonly count: number;
  /** Of a domain, at most; null: by how it does. */
  readonly perDomain: number | null;
  /** Messages that may wait in memory, about. */
  readonly waiting: number;
}

/** What goes back to the queue, untried. */
export interface Aside<J> {
  readonly job: J;
  readonly pauseMs: number;
}

/** A share of all places, but never none. */
const fifth = (count: number) => Math.max(1, Math.floor(count / 5));

export class Fairness<J extends { readonly lane: string }> {
  /** In the order of their turns. */
  readonly #lanes = new Map<string, Lane<J>>();
  readonly #targets = new Map<unknown, number>();
  #running = 0;
  #waiting = 0;
  /** Places for those who have none. */
  readonly #reserve: number;
  readonly #first: number;
  readonly #most: number;

  /**
   * @param targetOf where a delivery goes
   * @param targets how many there are
   */
  constructor(
    readonly places: Places,
    readonly targetOf: (job: J) => unknown,
    readonly targets: () => number,
  ) {
    const { count, perDomain } = places;
    this.#reserve = Math.min(
      Math.floor(count / 5),
      count - Math.min(count, perDomain ?? 1),
    );
    this.#most = Math.min(count - this.#reserve, perDomain ?? Infinity);
    this.#first = Math.min(fifth(count), this.#most);
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get hasPlace(): boolean {
    return this.#running + this.#waiting < this.places.count;
  }

  /** How many domains are known. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Whether a domain hangs, or has hung when it was last tried. */
  isSlow(lane: string, now: number): boolean {
    return this.#lanes.get(lane)?.isSlow(now) ?? false;
  }

  add(job: J, now: number): void {
    const lane = this.#lanes.get(job.lane) ??
      new Lane<J>(this.targetOf(job), this.#first, this.#most);
    if (lane.waiting === 0) this.#toEnd(job.lane, lane);
    lane.wait(job, now);
    this.#waiting++;
  }

  /** The next that starts now; null if none may. */
  next(now: number): J | null {
    if (this.#running >= this.places.count) return null;
    for (const [key, lane] of this.#lanes) {
      if (lane.waiting === 0 || !this.#mayStart(lane)) continue;
      this.#toEnd(key, lane);
      this.#waiting--;
      this.#running++;
      this.#count(lane.target, 1);
      return lane.start(now);
    }
    return null;
  }

  end(job: J, now: number): void {
    const lane = this.#lanes.get(job.lane)!;
    lane.end(job, now);
    this.#running--;
    this.#count(lane.target, -1);
  }

  /**
   * What waits for domains that hang, and how long it is to rest. To be asked
   * now and then.
   */
  aside(now: number): Aside<J>[] {
    const found: Aside<J>[] = [];
    for (const [key, lane] of this.#lanes) {
      found.push(...this.#leave(lane, now));
      if (lane.isForgettable(now)) this.#lanes.delete(key);
    }
    return found;
  }

  /** The same of the one domain that something has just come for. */
  asideOf(key: string, now: number): Aside<J>[] {
    const lane = this.#lanes.get(key);
    return lane === undefined ? [] : this.#leave(lane, now);
  }

  #leave(lane: Lane<J>, now: number): Aside<J>[] {
    const isFull = this.#waiting > this.places.waiting / 2;
    // Some stay, to go on at once.
    const left = lane.leave(isFull ? 0 : lane.window, now);
    this.#waiting -= left.length;
    return left.map((job) => ({ job, pauseMs: lane.asidePause(now) }));
  }

  /** All that have not started. */
  clear(): J[] {
    this.#waiting = 0;
    return [...this.#lanes.values()].flatMap((lane) => lane.leaveAll());
  }

  /** Its turn is after all others. */
  #toEnd(key: string, lane: Lane<J>): void {
    this.#lanes.delete(key);
    this.#lanes.set(key, lane);
  }

  #mayStart({ running, window, target }: Lane<J>): boolean {
    if (running >= window) return false;
    const free = this.places.count - this.#running;
    if (running > 0 && free <= this.#reserve) return false;
    return (this.#targets.get(target) ?? 0) < this.#mostOfTarget;
  }

  /** Each of the others has a share that it cannot take. */
  get #mostOfTarget(): number {
    const { count } = this.places;
    const share = fifth(count);
    return Math.max(share, count - share * (this.targets() - 1));
  }

  #count(target: unknown, difference: number): void {
    const count = (this.#targets.get(target) ?? 0) + difference;
    if (count === 0) this.#targets.delete(target);
    else this.#targets.set(target, count);
  }
}
