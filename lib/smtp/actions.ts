/**
 * What an SMTP session wants done. The session decides, a driver does: the
 * session itself never reads, writes or waits.
 *
 * @module
 */

import type { TlsFacts } from "../base/stream.ts";
import type { Envelope, Origin } from "../mail/envelope.ts";
import type { Credentials } from "../mail/sasl.ts";

/** What is asked before a recipient is accepted; byte strings. */
export interface Inquiry extends Origin {
  readonly protocol: "SMTP" | "ESMTP";
  readonly encrypted: boolean;
  readonly sender: string;
  readonly recipient: string;
  /** SIZE of MAIL, 0 if not given. */
  readonly sizeBytes: number;
  /** MAIL has said BODY=8BITMIME, or SMTPUTF8; not there: it has not. */
  readonly eightBit?: boolean;
  readonly utf8?: boolean;
  /** Recipients accepted before this one. */
  readonly recipientCount: number;
  /** Messages begun in this session, this one included. */
  readonly messageNumber: number;
  /** Whoever has the stream adds it; not there: it is not encrypted. */
  readonly tls?: TlsFacts;
}

/** A decision that needs nobody to act, but may be of interest; byte strings. */
export type Told =
  & {
    /** A line, or more of them. */
    readonly reply: string;
    /** Which of the session's rules or limits decided, or who was asked. */
    readonly by: string;
  }
  & (
    | { readonly about: "sender"; readonly sender: string }
    | {
      readonly about: "recipient";
      readonly sender: string;
      readonly recipient: string;
    }
    /** The one whose text has just ended. */
    | { readonly about: "message" }
    | { readonly about: "login"; readonly user: string }
  );

/** What a client says to whoever has the exchange of its log-in; in base64. */
export type LoginWord =
  | {
    readonly type: "begin";
    readonly mechanism: string;
    /** null where nothing came with the command. */
    readonly response: string | null;
  }
  | { readonly type: "respond"; readonly response: string };

export type Action =
  /** Send these whole lines (CRLF included). May be joined until the next read. */
  | { readonly type: "reply"; readonly text: string }
  /** Ask whether mail is taken for it, then call `answered`. */
  | { readonly type: "ask"; readonly inquiry: Inquiry }
  /** Go on a little later: a client that asks much has to wait. */
  | { readonly type: "pause" }
  /** Find out who it is, then call `authenticated`. */
  | { readonly type: "authenticate"; readonly credentials: Credentials }
  /** The same by somebody else's exchange; its challenge is a word, too. */
  | { readonly type: "passOn"; readonly word: LoginWord }
  /** That exchange is over before its end. */
  | { readonly type: "cancelLogin" }
  /** Flush the replies, shake hands, then call `encrypted`. */
  | { readonly type: "startTls" }
  /** Start a message, then call `opened`. The session waits until then. */
  | {
    readonly type: "open";
    readonly envelope: Envelope;
    readonly origin: Origin;
  }
  /** Message bytes, lines ended by LF alone. The receiver may keep them. */
  | { readonly type: "append"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Make the message durable, then call `committed`. The session waits. */
  | { readonly type: "commit" }
  /** Forget the opened message; nothing of it may remain. */
  | { readonly type: "abandon" }
  /** Something was refused. */
  | { readonly type: "tell"; readonly told: Told }
  /** Flush the replies, close the connection, leave with this exit code. */
  | { readonly type: "close"; readonly exitCode: 0 | 1 };
