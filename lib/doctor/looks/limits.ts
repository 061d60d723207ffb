/**
 * What the system lets the gate have, against what -c and its targets take.
 *
 * @module
 */
import { descriptorLimit } from "../../sys/rlimit.ts";
import { error, type Finding, note, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { GatePart, Patient } from "../patient.ts";
import type { Script } from "../script.ts";
import { targetDescriptors } from "../targets.ts";
import { textOf } from "../words.ts";

/** As lib/process/descriptor_limit.ts reckons. */
const ownDescriptors = 32, leastPerConnection = 9;
/** Threads of the runtime beside those of the cores; README has the figure. */
const ownThreads = 10;
/** RFC 5321 4.5.3.1.8. */
const leastRecipients = 100;

export const limits: Look = {
  id: "limits",
  summary: "limits of the system against -c, and of recipients",
  needs: ["gate"],
  find(patient) {
    return [
      ...ofDescriptors(patient),
      ...ofProcesses(patient),
      ...patient.gates.flatMap(ofRecipients),
    ];
  },
};

function ofDescriptors({ gates, script }: Patient): Finding[] {
  const limit = gates.reduce((sum, { options }) => sum + options.limit, 0);
  const own = ownDescriptors + gates.length;
  const least = own + limit;
  const most = gates.reduce((sum, { options, smtpd }) => {
    if (smtpd === null || options.isolate) return sum + options.limit;
    const each = Math.max(leastPerConnection, targetDescriptors(smtpd));
    return sum + options.limit * each;
  }, own);
  const hard = script?.limits.descriptors ?? descriptorLimit().hard;
  const where = script?.limits.descriptors === undefined ? null : script.path;
  const raise = (count: number) =>
    script?.kind === "systemd"
      ? `LimitNOFILE=${count} in the unit`
      : `ulimit -n ${count} before the gate is started`;
  if (hard < own) {
    return [error(
      `the gate needs ${own} descriptors to start, and may have ${hard}`,
      raise(most),
      where,
    )];
  }
  if (hard < least) {
    return [error(
      `-c ${limit} needs ${least} descriptors, and the limit is ${hard}`,
      `${raise(most)}, or -c ${Math.max(1, hard - own)}`,
      where,
    )];
  }
  return hard >= most ? [] : [note(
    `-c ${limit} may take ${most} descriptors where all are busy at once, ` +
      `and the limit is ${hard}`,
    raise(most),
    where,
  )];
}

function ofProcesses({ gates, script, server }: Patient): Finding[] {
  const [{ options: { workers } }] = gates;
  const threads = (ownThreads + navigator.hardwareConcurrency) * workers;
  const programs = gates.filter(({ smtpd, options }) =>
    smtpd === null || options.isolate
  ).reduce((sum, { options }) => sum + options.limit, 0);
  const limit = processLimit(script);
  // The kernel does not count root's, but for a control group's.
  const isCounted = server?.uid !== 0 || script?.limits.tasks !== undefined;
  if (limit === null || !isCounted || limit >= threads + programs) return [];
  const wanted = threads + programs;
  const make = limit < threads ? error : warning;
  return [make(
    `the gate has ${threads} threads` +
      (programs > 0 ? ` and -c ${programs} programs` : "") +
      `, and may have ${limit}`,
    script?.limits.tasks !== undefined
      ? `TasksMax=${wanted} in the unit`
      : `ulimit -u ${wanted} before it is started`,
    script?.path ?? null,
  )];
}

/** The script's own, else ours; null if there is none. */
function processLimit(script: Script | null): number | null {
  const said = script?.limits.tasks ?? script?.limits.processes;
  if (said !== undefined) return said;
  const [, hard] = /^Max processes +\S+ +(\S+)/m
    .exec(textOf("/proc/self/limits") ?? "") ?? [];
  return hard === undefined || hard === "unlimited" ? null : Number(hard);
}

function ofRecipients({ smtpd, where }: GatePart): Finding[] {
  const most = smtpd?.limits.recipients;
  if (most === undefined || most >= leastRecipients) return [];
  return [warning(
    `--max-recipients ${most} is less than the ${leastRecipients} that any ` +
      "server has to take (RFC 5321 4.5.3.1.8)",
    `--max-recipients ${leastRecipients}, or leave it out`,
    where,
  )];
}
