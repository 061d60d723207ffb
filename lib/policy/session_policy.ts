/**
 * All policies of one session, in the order in which they are asked.
 *
 * @module
 */
import { type DnsblOptions, dnsblPolicy } from "./dnsbl.ts";
import { type Answer, forStrangers, inOrder, type Policy } from "./question.ts";
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
  /** Is told what each has answered, and how long that took. */
  readonly answered?: Answered;
}

type Answered = (
  policy: string,
  answer: Answer["type"],
  milliseconds: number,
) => void;

/** Which of several lists. */
const blame = (zone: string) => `dnsbl:${zone}`;

/** A refusal says who has decided, and each answer is told of. */
function named(
  name: string,
  policy: Policy | undefined,
  answered: Answered | undefined,
): Policy | undefined {
  return policy && (async (question) => {
    const start = performance.now();
    const answer = await policy(question);
    answered?.(name, answer.type, performance.now() - start);
    if (answer.type === "accept" || answer.by !== undefined) return answer;
    return { ...answer, by: name };
  });
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
  const { answered } = policies;
  const as = (name: string, policy: Policy | undefined) =>
    named(name, policy, answered);
  const strangers = (policy: Policy | undefined) =>
    policy && !policies.trusted ? forStrangers(policy) : undefined;
  const asked = [
    as("badrcptto", badRcptTo),
    strangers(as("recipients", recipients)),
    strangers(as("dnsbl", dnsbl && dnsblPolicy({ ...dnsbl, blame }))),
    strangers(as("spf", spf && spfPolicy(spf))),
    as("rcptcheck", rcptcheck),
    as("policy", program),
  ].filter((policy) => policy !== undefined);
  return asked.length === 0 ? null : inOrder(asked);
}
