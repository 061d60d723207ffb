/**
 * What is written for a patched qmail-smtpd, and nobody reads any more; and
 * programs in front of it that postern has an option for.
 *
 * @module
 */
import {
  oldControlFile,
  type OldSetting,
  oldVariable,
} from "../../migrate/old_patches.ts";
import { ruledVariables } from "../../process/ruled_variables.ts";
import { error, type Finding, note, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { GatePart, Patient } from "../patient.ts";
import { baseName, namesIn, quoted, statOf, typed } from "../words.ts";

export const patches: Look = {
  id: "patches",
  summary: "what old patches of qmail-smtpd read, and nobody does now",
  needs: [],
  find(patient) {
    const { script, gates } = patient;
    const found = gates.flatMap((gate) => [
      ...ofArguments(gate, patient),
      ...ofWrappers(gate, patient),
      ...ofControls(gate),
    ]);
    if (!gates.some(isSmtp)) return found;
    // A variable of this shell would be no patch's: scripts and rules set them.
    const set = [
      ...script?.env ?? [],
      ...gates.flatMap(({ programEnv }) => [...programEnv]),
    ];
    for (const [name, value] of set) {
      found.push(...ofVariable(name, value, patient, script?.path ?? null));
    }
    for (const { cdb, isUsed } of patient.rules) {
      if (!isUsed) continue;
      for (const [name, values] of ruledVariables(cdb)) {
        const [value] = values;
        found.push(...ofVariable(name, value, patient, cdb));
      }
    }
    return found.map((each) => asKnown(each, gates));
  },
};

const isSmtp = ({ smtpd, core }: GatePart) =>
  smtpd !== null || baseName(core[0] ?? "") === "qmail-smtpd";

/** Whether a program of another maker is there, which may read it all. */
const isForeign = ({ smtpd, core: [program = ""] }: GatePart): boolean =>
  smtpd === null && statOf(program) !== null;

/** What a patched qmail-smtpd reads is lost only once it is postern. */
function asKnown(finding: Finding, gates: readonly GatePart[]): Finding {
  const foreign = gates.find(isForeign);
  if (foreign === undefined || gates.some(({ smtpd }) => smtpd !== null)) {
    return finding;
  }
  const what = `once ${foreign.core[0]} is postern: ${finding.what}`;
  const make = finding.severity === "note" ? note : warning;
  return make(what, finding.remedy, finding.where);
}

/** `qmail-smtpd HOST CHECKPASSWORD TRUE`, as the AUTH patches have it. */
function ofArguments(
  { core: [program = "", ...args], where }: GatePart,
  { script }: Patient,
): Finding[] {
  if (baseName(program) !== "qmail-smtpd" || args.length === 0) return [];
  const at = where ?? script?.path ?? null;
  const isAuth = args.length > 1 ||
    args.some((word) => /checkpassword|chkpw|auth|pam/.test(word));
  if (!isAuth) {
    return [warning(
      `qmail-smtpd looks at no argument: ${typed(args)}`,
      `postern smtpd --me ${quoted(args[0])}`,
      at,
    )];
  }
  const hasHost = args.length > 2 && !args[0].includes("/");
  const host = hasHost ? `--me ${quoted(args[0])} ` : "";
  const login = args.slice(hasHost ? 1 : 0);
  return [error(
    `AUTH is lost: qmail-smtpd looks at no argument, and ${typed(args)} was ` +
      "for a patch",
    `postern smtpd ${host}--tls-cert FILE --checkpassword ${
      quoted(typed(login))
    } in place of ${typed([program, ...args])}`,
    at,
  )];
}

function ofVariable(
  name: string,
  value: string,
  patient: Patient,
  where: string | null,
): Finding[] {
  const old = oldVariable(name);
  if (old === null || isRead(name, old, patient)) return [];
  return [warning(
    `nobody reads ${name} (${old.meant})`,
    instead[name] ?? remedyOf(old, value),
    where,
  )];
}

/** Whoever read it before postern, and reads it still, has to be there. */
function isRead(name: string, old: OldSetting, patient: Patient): boolean {
  if (old.fate !== "same") return false;
  const inFront = patient.gates.flatMap(({ wrappers }) => wrappers);
  if (name === "RBLSMTPD") {
    return inFront.some((each) => each.name === "rblsmtpd");
  }
  if (!/QMAILQUEUE/.test(old.meant)) return true;
  return patient.env.has("QMAILQUEUE") ||
    patient.rules.some(({ cdb }) => ruledVariables(cdb).has("QMAILQUEUE"));
}

/** Where the table has words for another case. */
const instead: Readonly<Record<string, string>> = {
  RBLSMTPD: "smtpd --dnsbl ZONE; rblsmtpd in front of smtpd would read it",
  SURBL: "smtpd --rspamd URL, or --milter ADDRESS, is shown messages",
  SURBLQUEUE: "smtpd --rspamd URL, or --milter ADDRESS, is shown messages",
};

function remedyOf({ now, option }: OldSetting, value: string): string {
  const isNumber = /^\d+$/.test(value.trim());
  const said = option && isNumber ? ` (smtpd --${option} ${value.trim()})` : "";
  return now + said;
}

/** Control files of patches; `--classic` reads no certificate either. */
function ofControls({ smtpd }: GatePart): Finding[] {
  if (smtpd === null) return [];
  const { control, classic } = smtpd;
  return namesIn(control).flatMap((name) => {
    const path = `${control}/${name}`;
    if (name === "servercert.pem" && classic) {
      return [error(
        "STARTTLS is lost: qmail-smtpd as of 1996 has none",
        `postern smtpd --tls-cert ${quoted(path)} in place of qmail-smtpd`,
        path,
      )];
    }
    const old = oldControlFile(name);
    if (old === null || old.fate === "same") return [];
    return [warning(`nobody reads it (${old.meant})`, old.now, path)];
  });
}

/** What postern has of each, in the process. */
const inPlaceOf: Readonly<
  Record<string, (words: readonly string[]) => string>
> = {
  rblsmtpd: (words) => {
    const zones = words.flatMap((word, i) =>
      word === "-r"
        ? [words[i + 1]]
        : word.startsWith("-r")
        ? [word.slice(2)]
        : []
    ).map((zone) => zone.split(":")[0]);
    return `smtpd --dnsbl ${zones.join(",") || "ZONE"}`;
  },
  recordio: () => "serve -v, and --mail-log FILE for what became of the mail",
  fixcrio: () => "smtpd --normalize-lf",
  "tcp-env": () => "nothing: smtpd finds the addresses itself",
};

function ofWrappers(
  { wrappers, isBuiltIn, where }: GatePart,
  { script }: Patient,
): Finding[] {
  return wrappers.flatMap(({ name, words }) => {
    const ours = inPlaceOf[name];
    if (ours === undefined) return [];
    return [note(
      isBuiltIn
        ? `${name} is done inside the gate, which has an option of its own`
        : `${name} in front of the program costs a process for each session`,
      `in its place: ${ours(words)}`,
      where ?? script?.path ?? null,
    )];
  });
}
