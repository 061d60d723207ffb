/**
 * Throws every message away: for benchmarks only.
 *
 * @module
 */
import type { Message, Target } from "./target.ts";

export function discard(): Target {
  let count = 0;
  return {
    takesBinary: true,
    takesUtf8: true,
    open: (): Message => ({
      append() {},
      commit: () => ({ type: "stored", id: String(++count) }),
      abandon() {},
    }),
  };
}
