/**
 * Times that serve waits.
 *
 * @module
 */
import { number } from "../../lib/cli/readers.ts";

/** What setTimeout can count: beyond 2^31 milliseconds it does not wait. */
export const longestSeconds = 2_000_000;

const any = number();

/** A number of seconds; what is longer than the longest is as good as that. */
export const seconds = (text: string): number =>
  Math.min(any(text, false), longestSeconds);
