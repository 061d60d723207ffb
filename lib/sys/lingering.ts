/**
 * A peer that has been told why it is left, and may not have heard it yet: to
 * close with something unread is a reset, and what was said last is lost.
 *
 * @module
 */
import type { Receiver } from "../base/stream.ts";

/** How long, and how much at most, somebody may go on who is not heard. */
const lingerMs = 2000;
export const lingerBytes = 16 << 20;

/** Throws away what comes, until the end of it, or of patience. */
export class Lingering implements Receiver {
  readonly #timer: ReturnType<typeof setTimeout>;
  #left = lingerBytes;
  #isOver = false;

  constructor(readonly over: () => void) {
    this.#timer = setTimeout(() => this.ended(), lingerMs);
  }

  received({ length }: Uint8Array<ArrayBuffer>): void {
    this.#left -= length;
    if (this.#left <= 0) this.ended();
  }

  ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.over();
  }

  drained(): void {}
}
