/**
 * All policies of one session, in the order in which they are asked.
 *
 * @module
 */
import { type DnsblOptions, dnsblPolicy } from "./dnsbl.ts";
import { forStrangers, inOrder, type Policy } from "./question.ts";
import { type SpfOptions, spfPolicy } from "./spf.ts";

/** What there is to ask; undefined for what is not wanted. */
export interface SessionPolicies {
  /** The client may relay (RELAYCLIENT): it is asked about as a user is. */
  readonly trusted: boolean;
  readonly badRcptTo?: Policy | undefined;
  readonly recipients?: Policy | undefined;
  readonly dnsbl?: DnsblOptions | undefined;
  readonly spf?: SpfOptions | undefined;
  readonly rcptcheck?: Policy | undefined;
  readonly program?: Policy | undefined;
}

/**
 * Lists before lookups, and programs last. Whether a recipient exists, where
 * the client is listed and whom it may send for is asked only about clients
 * that may not relay; the others about everyone.
 *
 * @returns null if nothing is to be asked
 */
export function sessionPolicy(policies: SessionPolicies): Policy | null {
  const { badRcptTo, recipients, dnsbl, spf, rcptcheck, program } = policies;
  const strangers = (policy: Policy | undefined) =>
    policy && !policies.trusted ? forStrangers(policy) : undefined;
  const asked = [
    badRcptTo,
    strangers(recipients),
    strangers(dnsbl && dnsblPolicy(dnsbl)),
    strangers(spf && spfPolicy(spf)),
    rcptcheck,
    program,
  ].filter((policy) => policy !== undefined);
  return asked.length === 0 ? null : inOrder(asked);
}
