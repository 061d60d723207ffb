/**
 * Where accepted mail goes. One interface, a file per target beside this one.
 *
 * @module
 */
import type { Delivery, Envelope, Refusal } from "../smtp/actions.ts";

export type { Delivery, Envelope, Refusal };

/** A place that takes responsibility for messages. */
export interface Target {
  /**
   * What RCPT is to be answered with: null if the target takes mail for this
   * recipient (a byte string, as in an envelope), as far as it can tell now.
   * A target without it takes mail for everyone. `open` asks itself.
   */
  accepts?(recipient: string): Refusal | null | Promise<Refusal | null>;
  /** Starts a message; a refusal is told to the client instead of `354`. */
  open(envelope: Envelope): Message | Refusal | Promise<Message | Refusal>;
}

/**
 * A message on its way to a target. A failed write is remembered and told by
 * `commit`, because SMTP can say it only there.
 */
export interface Message {
  /** Takes bytes (LF line ends). A promise means: wait before sending more. */
  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Resolves to `stored` only when a power cut can no longer lose the message. */
  commit(): Delivery | Promise<Delivery>;
  /** Leaves nothing of the message behind. */
  abandon(): void | Promise<void>;
}
