/**
 * What the client hears when a message could not be written.
 *
 * @module
 */
import { codeOf } from "../base/reason.ts";
import type { Refusal } from "./target.ts";

/** A full disk is no fault of the sender's (RFC 5321 4.2.3). */
export const insufficientStorage: Refusal = {
  type: "later",
  code: 452,
  enhanced: "4.3.1",
  text: "insufficient system storage",
};

const notStored: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.3.0",
  text: "unable to store the message",
};

/** The disk, a quota, and the limit on a file's length (RLIMIT_FSIZE). */
const storageCodes = ["ENOSPC", "EDQUOT", "EFBIG"];

export function storageFailure(error: unknown): Refusal {
  const code = codeOf(error);
  return storageCodes.includes(code ?? "") ? insufficientStorage : notStored;
}
