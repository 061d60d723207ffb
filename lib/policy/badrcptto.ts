/**
 * Which recipients mail is refused for (badrcptto, an old qmail custom).
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
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
 * A domain's entry leaves out our postmaster, who is to be there for everybody;
 * an entry of its own does not: whoever writes one means it, and RFC 5321 4.5.1
 * allows what is so narrow.
 *
 * @param entries of badrcptto, letter case folded
 */
export function badRcptTo(
  entries: ReadonlySet<string>,
  isPostmaster: (recipient: string) => boolean = () => false,
): Policy {
  // The two lists have one form.
  const lists = senderMatcher(entries);
  return ({ recipient }) => {
    const isRefused = isPostmaster(recipient)
      ? entries.has(foldCase(recipient))
      : lists(recipient);
    return Promise.resolve(isRefused ? refused : accept);
  };
}
