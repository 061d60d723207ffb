/**
 * What the exit of a recipient checking program means (RCPTCHECK, a custom of
 * qmail sites since Jay Soffian's patch).
 *
 * @module
 */
import { accept, type Answer } from "./question.ts";

const refused: Answer = {
  type: "never",
  code: 550,
  enhanced: "5.7.1",
  text: "sorry, that recipient is refused",
};

/** The program said so, or could not be asked. */
export const rcptcheckDeferred: Answer = {
  type: "later",
  code: 451,
  enhanced: "4.3.0",
  text: "unable to check the recipient for now",
};

/**
 * The answer in a raw wait status: exit code 0 accepts, 100 refuses, 111 and
 * everything else defers. (The patch let every other code accept, so that a
 * broken program accepted all mail; a program written for it that means
 * "yes" exits 0 anyway.)
 */
export function rcptcheckAnswer(status: number): Answer {
  if (status === 0) return accept;
  const killed = (status & 0x7f) !== 0;
  return !killed && (status >> 8 & 0xff) === 100 ? refused : rcptcheckDeferred;
}
