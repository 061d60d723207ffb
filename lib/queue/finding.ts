/**
 * What was seen of a shared queue, and what it means for its users.
 *
 * @module
 */

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /**
   * `wrong`: no message is put there, or taken from there. `unseen`: it shows on
   * the nodes alone.
   */
  readonly state: "ok" | "note" | "wrong" | "unseen";
  readonly told: string;
  /** What to type; null if there is nothing to be done, or that is not known. */
  readonly remedy: string | null;
  /** It is wrong because something is not there that a setup makes. */
  readonly isMissing?: boolean;
  /** Nobody knows whether it is wrong: the broker does not tell it just now. */
  readonly isUntold?: boolean;
}

export const ok = (check: string, told: string): Finding => ({
  ...{ check, state: "ok", told, remedy: null },
});

export const note = (check: string, told: string): Finding => ({
  ...{ check, state: "note", told, remedy: null },
});

export const wrong = (
  check: string,
  told: string,
  remedy: string | null,
): Finding => ({ check, state: "wrong", told, remedy });

export const untold = (
  check: string,
  told: string,
  remedy: string,
): Finding => ({ ...wrong(check, told, remedy), isUntold: true });

/** A line for a log: what is wrong, and what to type. */
export const findingLine = ({ told, remedy }: Finding): string =>
  remedy === null ? told : `${told}: ${remedy}`;

/**
 * Several lines as one; null if there is none.
 *
 * @param command that shows the others
 */
export function inOneLine(
  [first, ...others]: readonly string[],
  command: string,
): string | null {
  if (first === undefined) return null;
  if (others.length === 0) return first;
  return `${first} (and ${others.length} more: ${command})`;
}

/** An error that says what to type. */
export class Remediable extends Error {
  constructor(message: string, readonly remedy: string | null) {
    super(message);
  }
}

/** Whoever was asked does not answer. */
export class Silent extends Remediable {}
