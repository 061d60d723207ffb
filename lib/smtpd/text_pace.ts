/**
 * How fast the text of a message comes, on an average.
 *
 * @module
 */

/** How long text may come slower than it should. */
const slowStartMs = 30_000;

export class TextPace {
  #since = performance.now();
  #bytes = 0;
  /** When the client began to owe no text; null while it owes some. */
  #restsSince: number | null = null;

  /** @param bytesPerSecond that a client has to reach */
  constructor(readonly bytesPerSecond: number) {}

  /** Counts bytes that have come. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Leaves out time that the client could do nothing about. */
  forgive(milliseconds: number): void {
    this.#since += milliseconds;
  }

  /** No text is due: between two chunks (BDAT). */
  rest(): void {
    this.#restsSince ??= performance.now();
  }

  /** Text is due, whether it comes or not. */
  goOn(): void {
    if (this.#restsSince === null) return;
    this.forgive(performance.now() - this.#restsSince);
    this.#restsSince = null;
  }

  get isSlow(): boolean {
    const allowedMs = this.#bytes / this.bytesPerSecond * 1000;
    return performance.now() - this.#since > slowStartMs + allowedMs;
  }
}
