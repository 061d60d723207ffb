/**
 * The clock that ages are measured by, which a test puts forward.
 *
 * @module
 */
export class FastClock implements Disposable {
  readonly #now = performance.now.bind(performance);
  #aheadMs = 0;

  constructor() {
    performance.now = () => this.#now() + this.#aheadMs;
  }

  forward(ms: number): void {
    this.#aheadMs += ms;
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
  }
}
