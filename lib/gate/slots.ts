/**
 * The connections there may be at once (`-c`).
 *
 * @module
 */

export class Slots {
  active = 0;
  #freed: (() => void) | undefined;
  #emptied: (() => void) | undefined;
  #closed = false;

  constructor(readonly limit: number) {}

  get isFull(): boolean {
    return this.active >= this.limit;
  }

  /**
   * Resolves when a connection may be taken, or none is wanted any more. One
   * caller at a time.
   */
  async free(): Promise<void> {
    while (this.isFull && !this.#closed) {
      await new Promise<void>((resolve) => this.#freed = resolve);
    }
  }

  /** No connection is wanted any more. */
  close(): void {
    this.#closed = true;
    this.#freed?.();
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
