/**
 * The question that every policy answers: may this recipient be accepted?
 *
 * @module
 */
import type { Answer } from "../mail/answers.ts";
import type { Inquiry } from "../smtp/actions.ts";

export type { Answer };

/** What a session asks, and who it is with; byte strings. */
export interface Question extends Omit<Inquiry, "messageNumber"> {
  readonly clientIp: string;
  readonly clientHost: string | undefined;
  /** The same for all questions about one message, unlike any other message's. */
  readonly instance: string;
}

/** Never rejects: what cannot be told is an Answer too, as each policy documents. */
export type Policy = (question: Question) => Promise<Answer>;

export const accept: Answer = { type: "accept" };

/** Asks one policy after the other, until one of them refuses. */
export function inOrder(policies: readonly Policy[]): Policy {
  return async (question) => {
    for (const policy of policies) {
      const answer = await policy(question);
      if (answer.type !== "accept") return answer;
    }
    return accept;
  };
}

/** Asks about all recipients but some. */
export function exceptFor(
  isExempt: (recipient: string) => boolean,
  policy: Policy,
): Policy {
  return (question) =>
    isExempt(question.recipient) ? Promise.resolve(accept) : policy(question);
}

/**
 * Asks only about clients who have not logged in: what judges a client by its
 * address, or a recipient as one of ours, is not meant for our own users.
 */
export function forStrangers(policy: Policy): Policy {
  return (question) =>
    question.user === null ? policy(question) : Promise.resolve(accept);
}
