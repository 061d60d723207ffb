/**
 * What an SMTP session wants done. The session decides, a driver does: the
 * session itself never reads, writes or waits.
 *
 * @module
 */

import type { Credentials } from "./sasl.ts";

/** Reverse path and forward paths as byte strings, quoting removed. */
export interface Envelope {
  /** Empty for the null sender `<>`. */
  readonly sender: string;
  readonly recipients: readonly string[];
  /** The text is bytes of any kind, with CRLF line ends where it has lines. */
  readonly binary?: boolean;
}

/** What the client said of itself; byte strings. */
export interface Origin {
  readonly helo: string | null;
  /** Who logged in, null for nobody. */
  readonly user: string | null;
}

/** What is asked before a recipient is accepted; byte strings. */
export interface Inquiry extends Origin {
  readonly protocol: "SMTP" | "ESMTP";
  readonly encrypted: boolean;
  readonly sender: string;
  readonly recipient: string;
  /** SIZE of MAIL, 0 if not given. */
  readonly sizeBytes: number;
  /** Recipients accepted before this one. */
  readonly recipientCount: number;
  /** Messages begun in this session, this one included. */
  readonly messageNumber: number;
}

/**
 * What became of a message. `later` and `never` carry the parts of a reply:
 * code (RFC 5321 4.2), enhanced status (RFC 3463; empty if there is none) and
 * text.
 */
export type Delivery =
  | { readonly type: "stored"; readonly id: string }
  | Refusal;

export type Refusal =
  | {
    readonly type: "later";
    readonly code: 421 | 450 | 451 | 452;
    readonly enhanced: string;
    readonly text: string;
  }
  | {
    readonly type: "never";
    readonly code: 550 | 552 | 553 | 554;
    readonly enhanced: string;
    readonly text: string;
  };

export type Answer = { readonly type: "accept" } | Refusal;

/** What became of a log-in. */
export type Login =
  | { readonly type: "ok" }
  | { readonly type: "bad" }
  /** It cannot be told for now. */
  | { readonly type: "later" };

export type Action =
  /** Send these whole lines (CRLF included). May be joined until the next read. */
  | { readonly type: "reply"; readonly text: string }
  /** Ask whether mail is taken for it, then call `answered`. */
  | { readonly type: "ask"; readonly inquiry: Inquiry }
  /** Find out who it is, then call `authenticated`. */
  | { readonly type: "authenticate"; readonly credentials: Credentials }
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
  /** Flush the replies, close the connection, leave with this exit code. */
  | { readonly type: "close"; readonly exitCode: 0 | 1 };
