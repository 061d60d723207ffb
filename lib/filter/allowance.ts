/**
 * The time that somebody has for an answer, who may say that it takes longer.
 *
 * @module
 */

/** A client waits for its answer to a message so long (RFC 5321 4.5.3.2.6). */
const mostSeconds = 600;

export class Allowance {
  #until: number;
  readonly #most: number;

  constructor(readonly seconds: number) {
    const now = performance.now();
    this.#until = now + seconds * 1000;
    this.#most = now + Math.max(seconds, mostSeconds) * 1000;
  }

  get leftMs(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** He says that he is at it: as much time again, as far as there is any. */
  renew(): void {
    this.#until = Math.min(
      performance.now() + this.seconds * 1000,
      this.#most,
    );
  }
}
