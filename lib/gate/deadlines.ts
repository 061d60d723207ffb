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
  at: number;
  expire: () => void;
}

export class Deadlines {
  #entries = new Set<Entry>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Calls `expire` once, up to a second after `seconds` without extension. */
  set(seconds: number, expire: () => void): Deadline {
    const at = () => performance.now() + seconds * 1000;
    const entry: Entry = {
      at: at(),
      expire,
      extend: () => entry.at = at(),
      clear: () => this.#remove(entry),
    };
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => this.#sweep(), sweepMs);
    return entry;
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    if (this.#entries.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #sweep(): void {
    const now = performance.now();
    for (const entry of this.#entries) {
      if (entry.at > now) continue;
      this.#remove(entry);
      entry.expire();
    }
  }
}
