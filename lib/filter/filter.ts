/**
 * What a filter is: somebody who is shown a message that has come whole, before
 * anybody has said 250, and who may refuse it, let it vanish, put it aside or
 * change it.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Submitter } from "../deliver/target.ts";
import type { Refusal } from "../mail/answers.ts";
import type { Envelope } from "../mail/envelope.ts";
import type { Inquiry } from "../smtp/actions.ts";

/** A message as a filter is shown it. */
export interface FilteredMail extends Submitter {
  /** As earlier filters have left it. */
  readonly envelope: Envelope;
  /** Of this host. */
  readonly me: string;
  /**
   * The text with what earlier filters have changed, but without our own
   * Received field; lines ended by LF. It can be read again.
   */
  readonly read: Read;
}

/** Gives bytes, as often as it is called. */
export type Read = () => AsyncIterable<Uint8Array<ArrayBuffer>>;

/** @param own our own Received field, without its last LF */
export type Rewrite = (
  read: Read,
  own: string,
) => AsyncIterable<Uint8Array<ArrayBuffer>>;

/** A recipient that a filter is asked about, before the text is there. */
export interface Question extends Inquiry {
  readonly connection: Connection;
  readonly session: string;
  /** Of the message that it is to be for. */
  readonly id: string;
  /** Of this host. */
  readonly me: string;
}

export interface Judgement {
  /** What is to become of it; `discard`: it is taken, and vanishes. */
  readonly verdict: "pass" | "discard" | Refusal;
  /** A folder of the mailbox that it is put into, as `.Junk`; null: the usual. */
  readonly folder?: string | null;
  /** Fields above all others, each ended by LF; a byte string. */
  readonly top?: string;
  /**
   * Makes of the text, our own Received field in it, what goes on: see
   * `editedMessage`.
   */
  readonly rewrite?: Rewrite;
  /** In place of the envelope's. */
  readonly sender?: string;
  readonly recipients?: readonly string[];
  /** Gives back what the rewriting needs; called once, when that is over. */
  readonly over?: () => void;
  /** A word or two for the log, as `7.10 of 15.00`; a byte string. */
  readonly remark?: string;
}

/** A refusal, and what the log is to say where that is something else. */
export type Minded = Refusal & { readonly remark?: string };

/** One filter in one session. Nothing that it does rejects. */
export interface FilterSession {
  readonly name: string;
  /**
   * What RCPT is to be answered with; null if the filter does not mind. A filter
   * without it is asked only about whole messages.
   */
  recipient?(question: Question): Promise<Minded | null>;
  judge(mail: FilteredMail): Promise<Judgement>;
  /** Nothing has come of the message that recipients were asked about. */
  abandoned?(): void;
  /** The session is over. */
  close?(): void;
}
