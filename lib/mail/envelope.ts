/**
 * Whose message it is, and whom it is for.
 *
 * @module
 */

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
  /** By which SASL mechanism. */
  readonly mechanism?: string;
}
