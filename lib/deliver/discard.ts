/**
 * Throws every message away: for benchmarks only.
 *
 * @module
 */
import type { Message, Target } from "./target.ts";
import { noArgument, type TargetRow } from "./target_row.ts";

export const discardRow: TargetRow = {
  name: "discard",
  usage: "discard",
  read(argument) {
    noArgument(argument);
    return discard;
  },
};

export function discard(): Target {
  let count = 0;
  return {
    takesBinary: true,
    takesUtf8: true,
    takesAll: true,
    descriptors: 0,
    open: (): Message => ({
      append() {},
      commit: () => ({ type: "stored", id: String(++count) }),
      abandon() {},
    }),
  };
}
