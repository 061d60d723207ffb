/**
 * Waiting for something that may take too long.
 *
 * @module
 */

/**
 * What comes of some work. When its time is over nobody hears any more of it;
 * to end it is the matter of whoever began it.
 *
 * @throws Error that says `why` when its time is over first
 */
export async function inTime<T>(
  work: Promise<T>,
  milliseconds: number,
  why: string,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(why)), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for some work, for so long at the most, and says whether it is over. */
export async function isInTime(
  work: Promise<unknown>,
  milliseconds: number,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), milliseconds);
  try {
    return await Promise.race([work.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** In the words that all complaints have. */
export const noAnswerWithin = (milliseconds: number): string =>
  `no answer within ${milliseconds / 1000} seconds`;
