/**
 * What lint says of a rules text.
 *
 * @module
 */

export interface Finding {
  /** Counted from 1; 0 for the text as a whole. */
  readonly line: number;
  /**
   * An error: the text cannot be compiled, or lets strangers relay who say that
   * they have a name.
   */
  readonly severity: "error" | "warning";
  /** A word for programs, such as `duplicate`. */
  readonly kind: string;
  /** A byte string. */
  readonly what: string;
  readonly remedy: string;
}
