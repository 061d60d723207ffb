/**
 * What a client's session wants done, and what it has to tell.
 *
 * @module
 */
import type { Delivery, Refusal } from "../mail/answers.ts";

export type ClientAction =
  /** Send these lines, CRLF included. */
  | { readonly type: "send"; readonly text: string }
  /** Shake hands, then call `encrypted`. */
  | { readonly type: "startTls" }
  /** A message may begin. */
  | { readonly type: "ready" }
  /** Of recipients in the order in which they were named; null: taken. */
  | { readonly type: "answered"; readonly refusal: Refusal | null }
  /** The text may be sent, and before its end `textEnds` called. */
  | { readonly type: "goAhead" }
  /** No text is wanted. */
  | { readonly type: "refused"; readonly refusal: Refusal }
  /** What became of the message: for each recipient (LMTP), or for all. */
  | { readonly type: "delivered"; readonly outcomes: readonly Delivery[] }
  /** The connection is of no more use, and whatever was begun came to this. */
  | { readonly type: "lost"; readonly refusal: Refusal };
