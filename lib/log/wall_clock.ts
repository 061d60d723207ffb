/**
 * The wall clock to the microsecond. The runtime tells it in milliseconds, and
 * has a finer one that goes on by itself when the wall clock is set.
 *
 * @module
 */

/** The last microsecond of a millisecond. */
const lastMs = 0.999;

export class WallClock {
  /** What the steady clock is behind the wall clock. */
  #behindMs = 0;

  /** @param wall whole milliseconds since 1970 */
  constructor(
    readonly wall = () => Date.now(),
    readonly steady = () => performance.now(),
  ) {}

  /**
   * Milliseconds since 1970: the wall clock's, and the fraction that the
   * steady clock has moved on within the same millisecond.
   */
  readonly now = (): number => {
    const steadyMs = this.steady();
    const wallMs = this.wall();
    const fraction = Math.min(
      Math.max(steadyMs + this.#behindMs - wallMs, 0),
      lastMs,
    );
    this.#behindMs = wallMs + fraction - steadyMs;
    return wallMs + fraction;
  };
}
