/**
 * Where accepted mail goes. One interface, a file for each kind of target, and
 * a row for each in targets.ts.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Reach } from "../base/reach.ts";
import type { TlsFacts } from "../base/stream.ts";
import type { Delivery, Refusal } from "../mail/answers.ts";
import type { Envelope, Origin } from "../mail/envelope.ts";
import type { Inquiry } from "../smtp/actions.ts";
import type { Beginning } from "../smtp_client/beginning.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";
import type { Handover } from "./handover.ts";

export type { Delivery, Envelope, Refusal };

/** Who hands a message in. */
export interface Submitter extends Origin {
  readonly connection: Connection;
  readonly tls: TlsFacts | null;
  /** As in a Received field. */
  readonly protocol: string;
  /** What session and message are called in logs, it in its Received, too. */
  readonly session: string;
  readonly id: string;
  /** What a program would have for the connection. */
  readonly env: ProgramEnvironment;
  /** A folder of the mailbox, as `.Junk`; a target without folders has none. */
  readonly folder?: string | null;
  /**
   * The message may be delivered twice: a target that can makes one of both.
   * Not there: each is another one.
   */
  readonly once?: Once;
}

/** What a message is known by when it comes again. */
export interface Once {
  /** When it was accepted, in seconds since 1970. */
  readonly seconds: number;
  /** Somebody has had it before, and may have delivered it. */
  readonly isAgain: boolean;
}

/** A place that takes responsibility for messages; all sessions share it. */
export interface Target {
  /** What it was named by, for the log; not there where nobody has. */
  readonly name?: string | undefined;
  /** Whether text may be bytes of any kind (BINARYMIME). */
  readonly takesBinary: boolean;
  /** Whether addresses and header may be UTF-8 (SMTPUTF8). */
  readonly takesUtf8: boolean;
  /** Whether it takes mail for whatever domain, as a queue does. */
  readonly takesAll?: boolean;
  /** Descriptors that a message holds while it is here, at most. */
  readonly descriptors: number;
  /**
   * Reads what only root may read, and loads what takes its time.
   *
   * @throws Error that says what cannot be used
   */
  prepare?(): Promise<void>;
  /**
   * What messages would stumble over, each in a line (`--check`). Asked with
   * the ids of the sessions.
   *
   * @param env of a session
   */
  problems?(env: ProgramEnvironment): Promise<readonly string[]>;
  /**
   * What of the machine it needs.
   *
   * @param env of a session
   */
  reach?(env: ProgramEnvironment): Partial<Reach>;
  /** Reads again what it has read (SIGHUP). */
  refresh?(): void;
  /** Gives back what it holds; no message is open. */
  close?(): void;
  /**
   * What RCPT is to be answered with: null if the target takes mail for this
   * recipient (a byte string, as in an envelope), as far as it can tell now.
   * A target without it takes mail for everyone. `open` asks itself.
   */
  accepts?:
    | ((recipient: string) => Refusal | null | Promise<Refusal | null>)
    | undefined;
  /**
   * Begins a message that somebody else is asked about, recipient by recipient,
   * while the client waits. A target without it is asked by `accepts` alone.
   */
  begin?(beginning: Beginning): Promise<Handover>;
  /**
   * What RCPT is to be answered with, when nobody else minds: of a target that
   * is one session's own.
   */
  offer?(inquiry: Inquiry): Promise<Refusal | null>;
  /** The session is over: what was begun and not opened comes to nothing. */
  leave?(): void;
  /** Starts a message; a refusal is told to the client instead of `354`. */
  open(
    envelope: Envelope,
    submitter: Submitter,
  ): Message | Refusal | Promise<Message | Refusal>;
}

/**
 * A message on its way to a target. A failed write is remembered and told by
 * `commit`, because SMTP can say it only there.
 */
export interface Message {
  /** Takes bytes (LF line ends). A promise means: wait before sending more. */
  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /**
   * What became of it: of all recipients alike, or of each, in the envelope's
   * order. `stored` only when a power cut can no longer lose it.
   */
  commit(): Outcome | Promise<Outcome>;
  /** Leaves nothing of the message behind. */
  abandon(): void | Promise<void>;
}

export type Outcome = Delivery | readonly Delivery[];
