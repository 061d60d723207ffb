/**
 * What those say who are asked: targets, policies, and who checks log-ins.
 *
 * @module
 */

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
    /** Who decided, for the log. */
    readonly by?: string;
  }
  | {
    readonly type: "never";
    readonly code: 550 | 552 | 553 | 554;
    readonly enhanced: string;
    readonly text: string;
    readonly by?: string;
  };

export type Answer = { readonly type: "accept" } | Refusal;

/** What became of a log-in. */
export type Login =
  | {
    readonly type: "ok";
    /** Who it is; not there: whom the client named. */
    readonly user?: string;
    /** Addresses, or `@domain`, that he may send as, as far as that was told. */
    readonly senders?: readonly string[];
  }
  | {
    readonly type: "bad" | "later";
    readonly user?: string;
    /** For the log. */
    readonly why?: string;
  };

/** The same, or what the client is to be asked yet, in base64. */
export type LoginAnswer =
  | Login
  | { readonly type: "challenge"; readonly challenge: string };
