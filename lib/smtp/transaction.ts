/**
 * A mail transaction (RFC 5321 3.3), from MAIL to its end.
 *
 * @module
 */
import type { MailParameters } from "./commands.ts";
import type { IncomingMessage } from "./message.ts";
import type { Recipients } from "./recipients.ts";

export interface Transaction {
  readonly sender: string;
  readonly parameters: MailParameters;
  /** It was said to have bytes above 127. */
  readonly eightBit: boolean;
  /** The sender is in a list of bad ones; told at RCPT. */
  readonly refused: boolean;
  /** Messages begun in this session, this one included. */
  readonly number: number;
  readonly recipients: Recipients;
  /** The message, once its first chunk has come (BDAT). */
  chunks: IncomingMessage | null;
}
