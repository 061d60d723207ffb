/**
 * What there is to say of a script beside the line that comes of it.
 *
 * @module
 */

export interface Remark {
  /** Of the source. */
  readonly line: number;
  readonly text: string;
  /** Whether something that was done before is not done any more. */
  readonly loses: boolean;
}

/** A script of which no line can be made: says why, and what to do. */
export class Untranslatable extends Error {
  override readonly name = "Untranslatable";

  constructor(readonly line: number, message: string) {
    super(message);
  }
}
