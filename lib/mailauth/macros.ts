/**
 * What the macros of an SPF record (RFC 7208 7) may come to.
 *
 * @module
 */
import { longestClaim } from "./claims.ts";

/**
 * A domain name has 253 characters, and mailauth takes time by the square of
 * what a term comes to.
 */
const termLimit = 2048;
const recordLimit = 8192;
/** An octet in percent-encoding, which a macro in upper case asks for. */
const escapedLength = 3;

/** Whether its macros could come to more than any honest record's. */
export function expandsTooFar(record: string): boolean {
  if (!record.includes("%{")) return false; // as long as it is
  const lengths = record.split(/\s+/).map(longest);
  return lengths.some((length) => length > termLimit) ||
    lengths.reduce((sum, length) => sum + length, 0) > recordLimit;
}

/** What a term comes to at the most. */
function longest(term: string): number {
  let length = term.length;
  for (const [, letter] of term.matchAll(/%\{(.?)/gs)) {
    const isEscaped = letter >= "A" && letter <= "Z";
    length += longestOf(letter) * (isEscaped ? escapedLength : 1);
  }
  return length;
}

/** Of what is not the client's choice, or is short whatever he chooses. */
const shortOnes: Record<string, number> = {
  i: 63, // IPv6: 32 digits with dots
  c: 39,
  v: 7,
  t: 10,
};

function longestOf(letter: string): number {
  return shortOnes[letter.toLowerCase()] ?? longestClaim;
}
