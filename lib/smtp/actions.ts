/**
 * What an SMTP session wants done. The session decides, a driver does: the
 * session itself never reads, writes or waits.
 *
 * @module
 */

/** Reverse path and forward paths as byte strings, quoting removed. */
export interface Envelope {
  /** Empty for the null sender `<>`. */
  readonly sender: string;
  readonly recipients: readonly string[];
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

export type Action =
  /** Send these whole lines (CRLF included). May be joined until the next read. */
  | { readonly type: "reply"; readonly text: string }
  /** Start a message, then call `opened`. The session waits until then. */
  | { readonly type: "open"; readonly envelope: Envelope }
  /** Message bytes, lines ended by LF alone. The receiver may keep them. */
  | { readonly type: "append"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Make the message durable, then call `committed`. The session waits. */
  | { readonly type: "commit" }
  /** Forget the opened message; nothing of it may remain. */
  | { readonly type: "abandon" }
  /** Flush the replies, close the connection, leave with this exit code. */
  | { readonly type: "close"; readonly exitCode: 0 | 1 };
