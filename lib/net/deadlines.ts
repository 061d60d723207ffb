/**
 * Many deadlines, one timer: a sweep a second costs less than a timer that is
 * set anew at each read of each connection.
 *
 * @module
 */

const sweepMs = 1000;

/** One of them; of a class, because thousands of sessions have two each. */
export class Deadline {
  /** The sweep that finds it over. */
  at = 0;

  constructor(
    readonly all: Deadlines,
    readonly sweeps: number,
    readonly expire: () => void,
  ) {
    this.extend();
  }

  /** Starts the time anew, also when it was over while others had the word. */
  extend(): void {
    this.at = this.all.sweeps + this.sweeps;
    this.all.add(this);
  }

  clear(): void {
    this.all.remove(this);
  }
}

export class Deadlines {
  #deadlines = new Set<Deadline>();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** So far: a clock that costs nothing to read. */
  sweeps = 0;

  /** Calls `expire` once, up to a second after `seconds` without extension. */
  set(seconds: number, expire: () => void): Deadline {
    const sweeps = Math.ceil(seconds * 1000 / sweepMs) + 1;
    return new Deadline(this, sweeps, expire);
  }

  add(deadline: Deadline): void {
    this.#deadlines.add(deadline);
    this.#timer ??= setInterval(() => this.#sweep(), sweepMs);
  }

  remove(deadline: Deadline): void {
    this.#deadlines.delete(deadline);
    if (this.#deadlines.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    this.sweeps++;
    for (const deadline of this.#deadlines) {
      if (deadline.at > this.sweeps) continue;
      this.remove(deadline);
      deadline.expire();
    }
  }
}
