/**
 * What was probably meant by a word that is not known.
 *
 * @module
 */

/**
 * How many letters have to be added, removed, changed, or swapped with the next
 * (Levenshtein's distance, and Damerau's swaps).
 */
export function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const changed = row[j] + (one[i] === other[j] ? 0 : 1);
      const isSwap = one[i] === other[j - 1] && one[i - 1] === other[j];
      const swapped = isSwap ? before[j - 1] + 1 : Infinity;
      next.push(Math.min(changed, swapped, row[j + 1] + 1, next[j] + 1));
    }
    [before, row] = [row, next];
  }
  return row[other.length];
}

/** So many wrong letters may be a slip, in a word that is long enough. */
const mostSlips = 2;
const lettersPerSlip = 3;

/**
 * The nearest of some words: one that differs by a slip, or the only one that
 * begins so. Null if there is none.
 */
export function nearest(word: string, known: readonly string[]): string | null {
  const slips = Math.min(mostSlips, Math.floor(word.length / lettersPerSlip));
  const near = known.map((each) => ({ each, slips: distance(word, each) }))
    .filter((found) => found.slips <= slips)
    .sort((one, other) => one.slips - other.slips);
  if (near.length > 0) return near[0].each;
  const longer = known.filter((each) => word !== "" && each.startsWith(word));
  return longer.length === 1 ? longer[0] : null;
}
