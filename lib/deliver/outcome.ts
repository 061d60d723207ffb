/**
 * What a target says, whatever way it says it.
 *
 * @module
 */
import type { Delivery, Message, Refusal } from "./target.ts";

/** Whether a target has refused to start a message. */
export function isRefusal(value: Message | Refusal): value is Refusal {
  return "type" in value;
}

/**
 * Commits a message. A target that throws has not stored anything it could vouch
 * for.
 */
export function outcome(message: Message): Delivery | Promise<Delivery> {
  const failed = (): Delivery => ({
    type: "later",
    code: 451,
    enhanced: "4.3.0",
    text: "unable to store the message",
  });
  try {
    const result = message.commit();
    return result instanceof Promise ? result.catch(failed) : result;
  } catch {
    return failed();
  }
}
