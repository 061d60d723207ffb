/**
 * Which recipients mail is refused for (badrcptto, an old qmail custom).
 *
 * @module
 */
import { senderMatcher } from "./badmailfrom.ts";
import { accept, type Answer, type Policy } from "./question.ts";

const refused: Answer = {
  type: "never",
  code: 553,
  enhanced: "5.7.1",
  text: "sorry, your envelope recipient is in my badrcptto list",
};

/**
 * Refuses the listed recipients: whole addresses, or `@domain` for exactly
 * that domain. Letter case does not matter.
 *
 * @param entries of badrcptto, letter case folded
 */
export function badRcptTo(entries: ReadonlySet<string>): Policy {
  // The two lists have one form.
  const lists = senderMatcher(entries);
  return ({ recipient }) =>
    Promise.resolve(lists(recipient) ? refused : accept);
}
