/** What the benchmarks share. */

/** Sorts its argument. */
export const median = (numbers: number[]) =>
  numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
