/**
 * The connections there may be at once (`-c`).
 *
 * @module
 */

export class Slots {
  active = 0;
  #freed: (() => void) | undefined;
  #emptied: (() => void) | undefined;

  constructor(readonly limit: number) {}

  get isFull(): boolean {
    return this.active >= this.limit;
  }

  /** Resolves when a connection may be taken. One caller at a time. */
  async free(): Promise<void> {
    while (this.isFull) {
      await new Promise<void>((resolve) => this.#freed = resolve);
    }
  }

  take(): void {
    this.active++;
  }

  give(): void {
    this.active--;
    this.#freed?.();
    this.#freed = undefined;
    if (this.active === 0) this.#emptied?.();
  }

  /** Resolves when no connection is left. */
  empty(): Promise<void> {
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied = resolve);
  }
}
