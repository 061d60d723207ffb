/**
 * DMARC (RFC 9989): whether one of those who a message is from has authorized
 * it, and whether an author's domain wants it refused.
 *
 * @module
 */
import type { NodeResolver } from "./mailauth.ts";

/** Domains that speak for a message. */
export interface Identifiers {
  readonly spf: string[];
  readonly dkim: {
    readonly id: string | undefined;
    readonly domain: string | undefined;
    readonly aligned: string | boolean | undefined;
    readonly underSized: number | undefined;
  }[];
}

export interface Claims {
  /** The addresses in From, and how many such fields there are. */
  readonly headerFrom: readonly string[];
  readonly fromFields: number;
  /** Those that have passed. */
  readonly passed: Identifiers;
  /** Those that could not be checked for now. */
  readonly unknown: Identifiers;
  /** What mailauth makes of the message's ARC sets; for the row. */
  readonly arcResult?: unknown;
  readonly resolver: NodeResolver;
}

export interface Verdict {
  /** As in Authentication-Results. */
  readonly row: string;
  /** It fails, and an author's domain wants such a message refused. */
  readonly isUnwanted: boolean;
}

/** Honest messages have one; each of more costs lookups. */
const authorDomainsLimit = 5;

/**
 * What is to be made of a message. One that could pass if more were known is
 * a `temperror`. For one of several author domains, or From fields, RFC 9989
 * has no result; it is unwanted if it is by the policy of one of them, or else
 * a second From would be a way around each policy.
 */
export async function dmarcVerdict(claims: Claims): Promise<Verdict> {
  const { row, isUnwanted, authorDomains } = await evaluated(claims);
  if (authorDomains === null) return { row, isUnwanted };
  return { row, isUnwanted: await isUnwantedByOne(authorDomains, claims) };
}

/** Whether one of those domains wants it refused, or they are too many. */
export async function isUnwantedByOne(
  authorDomains: readonly string[],
  claims: Omit<Claims, "headerFrom" | "fromFields">,
): Promise<boolean> {
  if (authorDomains.length > authorDomainsLimit) return true;
  for (const domain of authorDomains) {
    const one = { ...claims, headerFrom: [domain], fromFields: 1 };
    if ((await evaluated(one)).isUnwanted) return true;
  }
  return false;
}

interface Evaluated extends Verdict {
  /** null if there is just one. */
  readonly authorDomains: readonly string[] | null;
}

async function evaluated(
  { headerFrom, fromFields, passed, unknown, arcResult, resolver }: Claims,
): Promise<Evaluated> {
  const { evaluateDmarc } = await import("./mailauth.ts");
  const by = (...all: Identifiers[]) =>
    evaluateDmarc({
      ...{ headerFrom, fromFields, arcResult, resolver },
      spfDomains: all.flatMap(({ spf }) => spf),
      dkimDomains: all.flatMap(({ dkim }) => dkim),
      // deno-lint-ignore no-explicit-any
    } as any);
  const { response, authorDomains = [] } = await by(passed);
  if (!response) {
    const row = "dmarc=permerror (not one author domain)";
    return { row, isUnwanted: false, authorDomains };
  }
  const row = response.info!;
  const fails = response.status.result === "fail";
  if (fails && unknown.spf.length + unknown.dkim.length > 0) {
    const best = await by(passed, unknown);
    if (best.response && best.response.status.result !== "fail") {
      return {
        row: row.replace(/^dmarc=fail/, "dmarc=temperror"),
        ...{ isUnwanted: false, authorDomains: null },
      };
    }
  }
  const isUnwanted = fails && response.policy === "reject";
  return { row, isUnwanted, authorDomains: null };
}
