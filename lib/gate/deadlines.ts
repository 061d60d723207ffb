/**
 * Many deadlines, one timer: a sweep a second costs less than a timer that is
 * set anew at each read of each connection.
 *
 * @module
 */

const sweepMs = 1000;

export interface Deadline {
  /** Starts the time anew. */
  extend(): void;
  clear(): void;
}

interface Entry extends Deadline {
  /** The sweep that finds it over. */
  at: number;
  expire: () => void;
}

export class Deadlines {
  #entries = new Set<Entry>();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Sweeps so far: a clock that costs nothing to read. */
  #sweeps = 0;

  /** Calls `expire` once, up to a second after `seconds` without extension. */
  set(seconds: number, expire: () => void): Deadline {
    const inSweeps = Math.ceil(seconds * 1000 / sweepMs) + 1;
    const entry: Entry = {
      at: this.#sweeps + inSweeps,
      expire,
      extend: () => {
        entry.at = this.#sweeps + inSweeps;
        this.#add(entry); // it may have been over while others had the word
      },
      clear: () => this.#remove(entry),
    };
    this.#add(entry);
    return entry;
  }

  #add(entry: Entry): void {
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => this.#sweep(), sweepMs);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    this.#sweeps++;
    for (const entry of this.#entries) {
      if (entry.at > this.#sweeps) continue;
      this.#remove(entry);
      entry.expire();
    }
  }
}
