/**
 * What a session is told before it starts.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Offers } from "./commands.ts";
import type { Limits } from "./limits.ts";
import type { Refusal } from "../mail/answers.ts";

/** Who has logged in; byte strings. */
export interface Submitter {
  readonly user: string;
  /** What he may send as, as far as whoever let him in has said it. */
  readonly senders: readonly string[];
}

export interface SessionConfig {
  /** Exactly qmail-smtpd's keywords and replies. */
  readonly classic: boolean;
  /** What follows 220, 221 and the 250 of HELO; starts with the host name. */
  readonly greeting: string;
  /** The domain for addresses at one of our address literals. */
  readonly localIpHost: string;
  isLocalAddress(ip: string): boolean;
  /** Not null: accept every recipient, and append this to it. */
  readonly relayClient: string | null;
  acceptsRecipientDomain(domain: string): boolean;
  /**
   * Whether a recipient is the postmaster of a domain of ours, who is always
   * taken. Not there: `postmaster` without a domain alone is.
   */
  isPostmaster?(recipient: string): boolean;
  /**
   * The domain for addresses without one; not there: such a recipient is
   * refused, unless it is the postmaster. Ignored in classic mode.
   */
  readonly qualifyWith?: string | null;
  refusesSender(sender: string): boolean;
  /** Whether each recipient has to be asked about, by the action `ask`. */
  readonly asks?: boolean;
  /** What EHLO offers beyond what is always there. Ignored in classic mode. */
  readonly offers?: Offers;
  /**
   * The mechanisms of whoever has the exchange of a log-in (`passOn`); not
   * there: the session has it, and hands credentials on (`authenticate`).
   */
  readonly mechanisms?: (() => readonly string[]) | undefined;
  /** Why he who has logged in may not send as somebody; null if he may. */
  refusesSubmitter?:
    | ((submitter: Submitter, sender: string) => Refusal | null)
    | undefined;
  /** Whether a bare LF ends a line of text. Ignored in classic mode. */
  readonly lfEndsLines?: boolean;
  /** Bytes of a message, line ends counted as one; 0 for no limit. */
  readonly databytes: number;
  readonly connection: Connection;
  /** What it is called in logs; its messages have names that begin with it. */
  readonly name?: string;
  readonly limits?: Partial<Limits> | undefined;
  now(): Date;
}
