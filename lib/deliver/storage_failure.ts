/**
 * What the client hears when a message could not be written.
 *
 * @module
 */
import type { Refusal } from "./target.ts";

/** A full disk is the sender's business (452, RFC 5321 4.2.3); else 451. */
export function storageFailure(error: unknown): Refusal {
  const code = (error as { code?: string })?.code;
  return code === "ENOSPC" || code === "EDQUOT"
    ? {
      type: "later",
      code: 452,
      enhanced: "4.3.1",
      text: "insufficient system storage",
    }
    : {
      type: "later",
      code: 451,
      enhanced: "4.3.0",
      text: "unable to store the message",
    };
}
