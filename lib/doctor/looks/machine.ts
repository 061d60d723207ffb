/**
 * Looks at the machine that need few words: its clock, its kernel, and gates
 * that run what has been replaced.
 *
 * @module
 */
import { landlockVersion } from "../../sys/landlock.ts";
import { error, type Finding, note, warning } from "../finding.ts";
import type { MachineLook } from "../look.ts";
import type { Patient } from "../patient.ts";
import { linkOf, processIds } from "../sockets.ts";
import { textOf } from "../words.ts";

/** This program is younger than that, and will be dust before the other. */
const earliest = Date.UTC(2025, 0, 1), latest = Date.UTC(2100, 0, 1);

export const clock: MachineLook = {
  id: "clock",
  summary: "whether the clock can be right",
  find({ nowMs }) {
    if (nowMs >= earliest && nowMs < latest) return [];
    const now = new Date(nowMs).toISOString().slice(0, 10);
    return [error(
      `the clock says ${now}: certificates, log-ins and the dates of mail go wrong`,
      "timedatectl set-ntp true, or date -s",
    )];
  },
};

export const kernel: MachineLook = {
  id: "kernel",
  summary: "what a gate is confined with: Landlock and seccomp",
  find(_, patients) {
    const isWanted = patients.some(({ gates }) =>
      gates.some(({ options }) => options.confine === true)
    );
    const make = isWanted ? warning : note;
    const found: Finding[] = [];
    if (landlockVersion() === 0) {
      found.push(make(
        "this kernel has no Landlock: a gate keeps all files that its user has",
        "Linux 5.13 or newer, with landlock among lsm= of its command line",
      ));
    }
    if (textOf("/proc/sys/kernel/seccomp/actions_avail") === null) {
      found.push(make(
        "this kernel has no seccomp: a gate keeps all system calls",
        "a kernel with CONFIG_SECCOMP_FILTER",
      ));
    }
    return [...found, ...patients.flatMap(unconfined)];
  },
};

/** Why a gate gives up nothing. */
function unconfined({ gates, script }: Patient): Finding[] {
  const [gate] = gates;
  const isInetd = script?.kind === "inetd"; // who is no gate
  if (gate === undefined || gate.options.classic || isInetd) return [];
  const where = script?.path ?? null;
  const { confine } = gate.options;
  if (confine === false) {
    return [note(
      "--no-confine: whoever gets hold of the gate has all that its user has",
      "take it out",
      where,
    )];
  }
  const runs = gates.some(({ isBuiltIn }) => !isBuiltIn);
  return confine === null && runs
    ? [note(
      "a gate that runs a program gives up nothing but its ids",
      "--confine, if the program is not set-uid",
      where,
    )]
    : [];
}

const replaced = / \(deleted\)$/;

export const running: MachineLook = {
  id: "running",
  summary: "gates that run an executable which has been replaced",
  find({ uid, executable }, patients) {
    // Gates of others are no matter of these.
    const ours = new Set([
      executable,
      ...patients.flatMap(({ script }) =>
        script ? [realPath(script.program)] : []
      ),
    ]);
    return processIds().flatMap((pid) => {
      const exe = linkOf(`/proc/${pid}/exe`);
      if (exe === null || !replaced.test(exe)) return [];
      const path = exe.replace(replaced, "");
      if (!ours.has(path) || uid !== 0 && uid !== ownerOf(pid)) return [];
      return [warning(
        `pid ${pid} runs an executable that has been replaced or removed`,
        "restart it, or start the new one beside it (--workers 2) and stop it",
        path,
      )];
    });
  },
};

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path; // it is told elsewhere that it is not there
  }
}

const ownerOf = (pid: number): number =>
  Number(/^Uid:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`) ?? "")?.[1]);
