/**
 * A look: one thing that is looked at, and what it takes to do so.
 *
 * @module
 */
import type { Finding } from "./finding.ts";
import type { Looker, Patient } from "./patient.ts";

/** What there has to be: a gate, the built-in smtpd, rules, a script, --dns. */
export type Need = "gate" | "smtpd" | "rules" | "script" | "dns";

export interface Look {
  /** A word, for programs too. */
  readonly id: string;
  /** What is looked at, in a few words. */
  readonly summary: string;
  readonly needs: readonly Need[];
  /** Loaded when it is needed. */
  find(
    patient: Patient,
    looker: Looker,
  ): Promise<readonly Finding[]> | readonly Finding[];
}

/** What a look at the machine as a whole takes. */
export interface MachineLook {
  readonly id: string;
  readonly summary: string;
  find(
    looker: Looker,
    patients: readonly Patient[],
  ): Promise<readonly Finding[]> | readonly Finding[];
}

/** What of it is not there; null if all is. */
export function missingFor(
  { needs }: Look,
  { gates, rules, script }: Patient,
  { resolver }: Looker,
): Need | null {
  const has: Record<Need, boolean> = {
    gate: gates.length > 0,
    smtpd: gates.some(({ smtpd }) => smtpd !== null),
    rules: rules.length > 0,
    script: script !== null,
    dns: resolver !== null,
  };
  return needs.find((each) => !has[each]) ?? null;
}
