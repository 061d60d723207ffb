/**
 * What a look says.
 *
 * @module
 */

/** A note is no reason to act; the two others are. */
export type Severity = "error" | "warning" | "note";

export interface Finding {
  readonly severity: Severity;
  readonly what: string;
  /** A file, with its line where that is known; null for the whole. */
  readonly where: string | null;
  /** What to type, or to write where; "" where nothing is to be done. */
  readonly remedy: string;
  /** Something could not be looked at, which is no good sign and no bad one. */
  readonly isUnseen?: boolean;
}

const make =
  (severity: Severity) =>
  (what: string, remedy: string, where: string | null = null): Finding => ({
    severity,
    what,
    where,
    remedy,
  });

/** It does not work, or is open to strangers. */
export const error = make("error");
/** It is probably not what is meant, or will not work for long. */
export const warning = make("warning");
/** Good to know. */
export const note = make("note");

/** What could not be looked at, and what to type so that it can. */
export const unseen = (
  what: string,
  remedy: string,
  where: string | null = null,
): Finding => ({ ...note(what, remedy, where), isUnseen: true });
