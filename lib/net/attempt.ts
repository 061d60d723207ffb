/**
 * Waiting without a thread: to look again, less and less often.
 *
 * @module
 */

const firstPauseMs = 1;
const longestPauseMs = 50;
/** An answer is noticed within this part of the time that it took. */
const growth = 1.3;

/**
 * Calls `act` until it returns something.
 *
 * @param end of the time, on performance.now()'s clock
 * @returns null when the time is over; what `act` throws is thrown
 */
export async function attempt<T>(
  end: number,
  act: () => T | null,
): Promise<T | null> {
  for (let pause = firstPauseMs;;) {
    const result = act();
    if (result !== null) return result;
    const left = end - performance.now();
    if (left <= 0) return null;
    await new Promise((over) => setTimeout(over, Math.min(pause, left)));
    pause = Math.min(pause * growth, longestPauseMs);
  }
}
