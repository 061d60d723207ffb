/**
 * A message's recipients, by where they go. Pure.
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
import type { Refusal, Target } from "../deliver/target.ts";
import { domainOf } from "../mail/address.ts";

/** Some recipients of a message that a target is handed together. */
export interface Job {
  readonly target: Target;
  /** Those of one domain and target have turns together. */
  readonly lane: string;
  readonly recipients: readonly string[];
}

/** Recipients that go nowhere, and why. */
export interface Astray {
  readonly recipient: string;
  readonly refusal: Refusal;
}

const noDomain = "", several = "*";

/**
 * One delivery for each target; the text is sent once for all of them. But a
 * domain that hangs is on its own: the others need not wait for it.
 *
 * @param way the target of a recipient's mail, or why there is none
 * @param isSlow whether a lane hangs
 */
export function jobsOf(
  recipients: readonly string[],
  way: (recipient: string) => Target | Refusal,
  isSlow: (lane: string) => boolean,
): { jobs: Job[]; astray: Astray[] } {
  const astray: Astray[] = [];
  const together = new Map<Target, Map<string, string[]>>();
  for (const recipient of recipients) {
    const target = way(recipient);
    if ("type" in target) {
      astray.push({ recipient, refusal: target });
      continue;
    }
    const domains = together.get(target) ?? new Map<string, string[]>();
    together.set(target, domains);
    const domain = foldCase(domainOf(recipient) ?? noDomain);
    const others = domains.get(domain);
    if (others) others.push(recipient);
    else domains.set(domain, [recipient]);
  }
  const jobs: Job[] = [];
  for (const [target, domains] of together) {
    const quick: [domain: string, recipients: string[]][] = [];
    for (const [domain, recipients] of domains) {
      const lane = laneOf(target, domain);
      if (isSlow(lane)) jobs.push({ target, lane, recipients });
      else quick.push([domain, recipients]);
    }
    if (quick.length === 0) continue;
    const domain = quick.length === 1 ? quick[0][0] : several;
    jobs.push({
      target,
      lane: laneOf(target, domain),
      recipients: quick.flatMap(([, recipients]) => recipients),
    });
  }
  return { jobs, astray };
}

const laneOf = ({ name = "" }: Target, domain: string) => `${name} ${domain}`;
