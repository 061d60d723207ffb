/**
 * What a target says, as the one reply that SMTP has for a message.
 *
 * @module
 */
import type { Delivery, Message, Outcome, Refusal } from "./target.ts";

/** Whether a target has refused to start a message. */
export function isRefusal(value: Message | Refusal): value is Refusal {
  return "type" in value;
}

/**
 * One answer for all recipients, by which nothing is lost: `stored` only if
 * all are; if any is to be tried again, all are, and those that had it may have
 * it twice; else the first that is refused for good speaks for all, and the
 * sender hears of it.
 */
export function fold(outcome: Outcome): Delivery {
  if (!isByRecipient(outcome)) return outcome;
  return outcome.find(({ type }) => type === "later") ??
    outcome.find(({ type }) => type === "never") ??
    outcome[0] ?? failed;
}

const isByRecipient = (outcome: Outcome): outcome is readonly Delivery[] =>
  Array.isArray(outcome);

/** A target that throws has not stored anything it could vouch for. */
const failed: Delivery = {
  type: "later",
  code: 451,
  enhanced: "4.3.0",
  text: "unable to store the message",
};

/** Commits a message, whatever the target does. */
export function outcomeOf(message: Message): Delivery | Promise<Delivery> {
  try {
    const outcome = message.commit();
    return outcome instanceof Promise
      ? outcome.then(fold).catch(() => failed)
      : fold(outcome);
  } catch {
    return failed;
  }
}
