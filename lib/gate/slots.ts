/**
 * The connections there may be at once (`-c`).
 *
 * @module
 */

export class Slots {
  active = 0;
  #whenFree: (() => void) | undefined;

  constructor(readonly limit: number) {}

  get isFull(): boolean {
    return this.active >= this.limit;
  }

  take(): void {
    this.active++;
  }

  give(): void {
    this.active--;
    if (this.isFull) return;
    const tell = this.#whenFree;
    this.#whenFree = undefined;
    tell?.();
  }

  /** Tells once, when there is a free one again. */
  whenFree(tell: () => void): void {
    this.#whenFree = tell;
  }
}
