/**
 * Looks at installations, one after the other, and at the machine.
 *
 * @module
 */
import { reason } from "../base/reason.ts";
import { type Finding, unseen } from "./finding.ts";
import { type Look, missingFor, type Need } from "./look.ts";
import { looks, machineLooks } from "./looks.ts";
import type { Looker, Patient } from "./patient.ts";

/** What a look has found. */
export interface Told extends Finding {
  /** The look's id. */
  readonly look: string;
}

/** All that is said of one installation, or of the machine. */
export interface Diagnosis {
  readonly subject: string;
  readonly findings: readonly Told[];
}

export async function examine(
  patient: Patient,
  looker: Looker,
): Promise<Diagnosis> {
  const found: Told[] = patient.troubles.map((each) => ({
    ...each,
    look: "line",
  }));
  const lost: string[] = [];
  for (const look of looks) {
    const missing = missingFor(look, patient, looker);
    if (missing !== null) {
      if (isLost(missing, patient)) lost.push(look.id);
      else found.push(...whyNot(look, missing, patient));
      continue;
    }
    found.push(
      ...await told(look.id, look.summary, () => look.find(patient, looker)),
    );
  }
  if (lost.length > 0) {
    found.push({
      ...unseen(lost.join(", "), "look again when the line is right"),
      look: "line",
    });
  }
  return { subject: patient.name, findings: once(found) };
}

export async function examineMachine(
  looker: Looker,
  patients: readonly Patient[],
): Promise<Diagnosis> {
  const found: Told[] = [];
  for (const { id, summary, find } of machineLooks) {
    found.push(...await told(id, summary, () => find(looker, patients)));
  }
  return { subject: "this machine", findings: once(found) };
}

/** A look that fails has seen nothing, and the others go on. */
async function told(
  look: string,
  summary: string,
  act: () => Promise<readonly Finding[]> | readonly Finding[],
): Promise<Told[]> {
  try {
    return (await act()).map((each) => ({ ...each, look }));
  } catch (cause) {
    const what = `${summary}: ${reason(cause)}`;
    return [{ ...unseen(what, "look as root"), look }];
  }
}

/** Of what is not there nothing is to be said, but of what was not asked. */
function whyNot(
  { id, summary }: Look,
  missing: Need,
  { gates }: Patient,
): Told[] {
  return missing === "dns" && gates.some(({ smtpd }) => smtpd !== null)
    ? [{ ...unseen(`the DNS: ${summary}`, "--dns asks"), look: id }]
    : [];
}

/** Whether it is the line that was not understood which keeps it from looking. */
const isLost = (missing: Need, { troubles, gates }: Patient): boolean =>
  troubles.length > 0 && gates.length === 0 &&
  (missing === "gate" || missing === "smtpd");

/** What several looks say is said once, by the one that says more. */
function once(found: readonly Told[]): Told[] {
  const seen = new Set<string>();
  return found.filter(({ look, what, where }) => {
    if (look === "check" && isToldBetter(what, found)) return false;
    const key = `${where}\n${what}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Whether another look has said the same, with the place that is to be mended. */
function isToldBetter(line: string, found: readonly Told[]): boolean {
  const what = line.replace(/^block \d+: /, "").replace(/^to you: /, "");
  return found.some((other) => {
    if (other.look === "check" || other.where === null) return false;
    switch (other.look) {
      case "certificate":
        return what === `${other.where}: ${other.what}` ||
          other.isUnseen === true &&
            what.startsWith(`unable to read ${other.where}:`);
      case "cdb":
        return what.startsWith(`unable to read ${other.where}:`);
      case "mailbox":
        return /^unable to deliver to .*access denied$/.test(what) &&
          (other.severity === "error" || other.isUnseen === true);
      case "queue":
        return what === `unable to run ${other.where}: access denied`;
      case "folders":
        return what.startsWith("--mail-log: unable to write") ||
            what.startsWith("unable to write")
          ? what.includes(other.where) && other.severity === "error"
          : false;
      default:
        return false;
    }
  });
}
