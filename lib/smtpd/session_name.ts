/**
 * Names for sessions: unlike those of any other gate, worker or run, so that
 * logs of several can be read together. A message has the name of its session,
 * a dash and its number.
 *
 * @module
 */

/** Neither vowels, which make words, nor what looks like another. */
const letters = "23456789bcdfghjkmnpqrstvwxz";

/** 57 bits: of a thousand million processes no two have one name. */
const letterCount = 12;

const ours = Array.from(
  crypto.getRandomValues(new Uint32Array(letterCount)),
  (number) => letters[number % letters.length],
).join("");

let sessions = 0;

/** The next session's: letters and digits with a dash, an atom of RFC 5322. */
export const nextSessionName = (): string =>
  `${ours}-${(++sessions).toString(36)}`;
