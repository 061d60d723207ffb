/**
 * What an administrator wrote, and cannot be used.
 *
 * @module
 */

/** All that is wrong with some settings, each in a line that names its place. */
export class Unusable extends Error {
  override readonly name = "Unusable";

  /**
   * @param problems at least one
   * @param forGood nothing but an edit mends it, while a file that cannot be
   *   read may be there in a moment
   */
  constructor(
    readonly problems: readonly string[],
    readonly forGood: boolean,
  ) {
    const [first, ...others] = problems;
    const more = others.length > 0
      ? ` (and ${others.length} more: --check tells them all)`
      : "";
    super(first + more);
  }
}

/** What an error tells: all of its problems, or its message. */
export function problemsIn(error: unknown): readonly string[] {
  return error instanceof Unusable
    ? error.problems
    : [error instanceof Error ? error.message : String(error)];
}
