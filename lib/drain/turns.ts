/**
 * When a message that was tried before may come to the queue of those that are
 * to be delivered now: as often as there is room, and else once for so many
 * deliveries. New mail comes first, and old mail comes, too.
 *
 * @module
 */

/** One for so many. */
const share = 4;
const tickMs = 100;

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #ended = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param places deliveries at once
   * @param hasRoom whether fewer than those are wanted
   */
  constructor(readonly places: number, readonly hasRoom: () => boolean) {}

  readonly next = (): Promise<void> => {
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
    return new Promise((resolve) => this.#waiting.push(resolve));
  };

  /** A delivery has ended. */
  ended(): void {
    if (++this.#ended % share === 0) this.#waiting.shift()?.();
  }

  /** Nobody's turn comes any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waiting.length = 0;
  }

  #tick(): void {
    if (this.#waiting.length === 0) return this.stop();
    if (!this.hasRoom()) return;
    // All of them at once would be in front of what is new.
    for (const go of this.#waiting.splice(0, this.places)) go();
  }
}
