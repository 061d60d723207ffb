/**
 * From a script to chains: each command of it that is, or leads to, a gate or
 * qmail-smtpd.
 *
 * @module
 */
import { Chain } from "./chain.ts";
import { asShell, isExecline } from "./execline.ts";
import { finish } from "./finish.ts";
import { ofInetd } from "./inetd.ts";
import type { Job } from "./job.ts";
import type { Machine } from "./machine.ts";
import { endNames, gateNames, programOf } from "./programs.ts";
import { type RcCommand, rcCommand } from "./rc_variables.ts";
import { type Remark, Untranslatable } from "./remark.ts";
import { Scope } from "./scope.ts";
import { Walk } from "./shell.ts";
import { isXinetd, xinetdServices } from "./xinetd.ts";
import { isUnit, unitCommand } from "./unit.ts";
import { baseName, literal, valueOf, type Word, written } from "./word.ts";

/** A chain at its end, and what stood around it. */
export interface Translated {
  readonly chain: Chain;
  readonly job: Job;
}

export interface Translation {
  readonly found: readonly Translated[];
  /** About the script as a whole, and what is not in it any more. */
  readonly remarks: readonly Remark[];
}

/** Shells that are given a script as an argument. */
const shells = ["sh", "bash", "dash", "ash", "ksh", "csh", "tcsh", "su"]
  .concat("eval");

/** Scripts in scripts, at most. */
const deepest = 5;

/**
 * @param source a script, or a command line
 * @throws Untranslatable
 */
export function translate(source: string, machine: Machine): Translation {
  if (isXinetd(source)) return ofXinetd(source, machine);
  if (isUnit(source)) {
    const unit = unitCommand(source);
    const remarks = [...unit.remarks];
    const found = ofCommand(unit.command, new Scope(machine), remarks);
    return { found, remarks };
  }
  const walk = new Walk(new Scope(machine));
  walk.script(isExecline(source) ? asShell(source) : source);
  const remarks = [...walk.remarks];
  const found: Translated[] = [];
  for (const job of walk.jobs) {
    if (leadsToGate(job.words)) found.push(...translated(job, remarks, 0));
    else remarks.push(...ofOther(job));
  }
  const said = found.length === 0 ? rcCommand(walk.scope) : null;
  if (said !== null) found.push(...ofCommand(said, walk.scope, remarks));
  return { found, remarks };
}

function ofXinetd(source: string, machine: Machine): Translation {
  const remarks: Remark[] = [];
  const found = xinetdServices(source, new Scope(machine)).flatMap(
    ({ chain, words, line }) =>
      leadsToGate(words)
        ? translated(jobOf(words, chain.scope, line), remarks, 0, chain)
        : [],
  );
  return { found, remarks };
}

/** Of a script that leaves the starting to a framework of its system. */
function ofCommand(
  { source, line, user, names }: RcCommand,
  scope: Scope,
  remarks: Remark[],
): Translated[] {
  const walk = new Walk(scope.copy());
  walk.script(source, line);
  return walk.jobs.filter(({ words }) => leadsToGate(words)).flatMap((job) => {
    const chain = new Chain(job.scope, line);
    chain.remark(
      line,
      `${names.join(" and ")}: what the script has started; postern ` +
        "init-script makes a whole one",
    );
    const all = translated(job, remarks, 0, chain);
    for (const each of all) {
      if (user !== null && each.chain.said("uid") === undefined) {
        each.chain.becomes(user, true);
      }
    }
    return all;
  });
}

const jobOf = (words: readonly Word[], scope: Scope, line: number): Job => ({
  ...{ words, scope, line, redirects: [], pipedInto: [] },
  ...{ isBackground: false, condition: null, folder: null },
});

/** Programs that are told the name of a gate, and run none. */
const bystanders = new Set([
  ...["killall", "pkill", "pgrep", "pidof", "kill", "killproc", "svc", "sv"],
  ...["s6-svc", "service", "systemctl", "grep", "egrep", "ps", "which", "ls"],
  ...["rm", "ln", "cp", "mv", "touch", "chown", "chmod", "mkdir", "tcprules"],
  ...["cat", "logger", "status", "alias", "rc-service", "initctl"],
]);

/** Whether a command has to do with a gate, as far as its words tell. */
function leadsToGate(words: readonly Word[]): boolean {
  const [first] = words;
  if (first !== undefined && bystanders.has(baseName(first) ?? "")) {
    return false;
  }
  if (words.some((word) => /^(--stop|-K)$/.test(literal(word) ?? ""))) {
    return false; // of start-stop-daemon
  }
  const names = [...gateNames, ...endNames];
  return words.some((word) => {
    const text = valueOf(word);
    if (text === null) return false;
    return names.includes(baseName(word)!) ||
      /\s/.test(text) &&
        text.split(/[\s;&|()'"]+/).some((each) =>
          names.includes(each.replace(/^.*\//, ""))
        );
  });
}

function ofOther({ words, line, redirects }: Job): Remark[] {
  const name = baseName(words[0]);
  const all = [...words.map(written), ...redirects].join(" ");
  const shown = all.length > 70 ? `${all.slice(0, 67)}...` : all;
  if (name === "tcprules") {
    return [{
      line,
      text: `${shown}: stays; postern rules compile does the same`,
      loses: false,
    }];
  }
  return [{ line, text: `${shown}: not of the gate, stays`, loses: false }];
}

function translated(
  job: Job,
  remarks: Remark[],
  depth: number,
  outer?: Chain,
): Translated[] {
  const chain = outer?.copy() ?? new Chain(job.scope, job.line);
  for (const from of job.scope.taken) {
    chain.remark(job.line, `${from}: that is in the line`);
  }
  for (const guess of job.scope.guesses) chain.remark(job.line, guess, true);
  for (const [name, { line, condition }] of job.scope.doubtful) {
    chain.remark(
      line,
      `${name} is set only ${condition}: the line has it so`,
      true,
    );
  }
  if (job.condition !== null) {
    chain.remark(job.line, `this is run only ${job.condition}`);
  }
  if (job.folder !== null) {
    chain.remark(
      job.line,
      `it is run in ${written(job.folder)}: relative paths are from there on`,
    );
  }
  let words: readonly Word[] | null = ofInetd(job.words, chain) ?? job.words;
  /** What PROGRAM was, and what was known before it was looked at. */
  let program: { words: readonly Word[]; before: Chain } | null = chain.isBehind
    ? { words, before: chain.copy() }
    : null;
  while (words !== null) {
    const [first] = words;
    if (first === undefined) {
      throw new Untranslatable(job.line, "a program is missing at the end");
    }
    const name = baseName(first);
    if (/^[A-Za-z_]\w*=/.test(literal(first) ?? "")) {
      // As `sh -c` and some supervisors have it.
      throw new Untranslatable(first.line, `${written(first)} is no program`);
    }
    const inside = name !== null && shells.includes(name)
      ? scriptOf(words)
      : null;
    if (inside !== null) {
      if (name === "su") becomesBySu(words, chain);
      const { jobs, isPlain } = jobsIn(inside, first.line, job, chain);
      if (!chain.isBehind && depth < deepest) {
        const wanted = jobs.filter((each) => leadsToGate(each.words));
        return wanted.flatMap((each) =>
          translated(around(each, job), remarks, depth + 1, chain)
        );
      }
      const [only, ...more] = jobs;
      // What else it does for each client is kept with the shell itself.
      const mayGo = only?.condition === null && more.length === 0 && isPlain;
      if (mayGo && depth++ < deepest) {
        for (const each of only.scope.exported) {
          const value = only.scope.variables.get(each);
          if (value) chain.variable(each, { ...value, line: first.line });
        }
        words = only.words;
        continue;
      }
    }
    const row = name === null ? null : programOf(name);
    if (row === null) {
      if (!chain.isBehind) {
        const next = nextKnown(words);
        if (next > 0) {
          chain.front.push(words.slice(0, next));
          chain.remark(
            first.line,
            `${
              words.slice(0, next).map(written).join(" ")
            }: nothing is known ` +
              "of it; it stays in front",
            true,
          );
          words = words.slice(next);
          continue;
        }
      }
      chain.program = words;
      chain.smtpd = null;
      break;
    }
    const wasBehind = chain.isBehind;
    const call = { name: name!, words, args: words.slice(1), line: first.line };
    words = row.turn(call, chain);
    if (!wasBehind && chain.isBehind && words !== null) {
      program = { words, before: chain.copy() };
    }
  }
  const end = chain.program.length > 0 ? asItWas(chain, program) : chain;
  finish(end, job);
  return [{ chain: end, job }];
}

/** Where behind a program that nobody knows one is that this knows. */
function nextKnown(words: readonly Word[]): number {
  const isGate = (word: Word) => gateNames.includes(baseName(word) ?? "");
  const gate = words.findIndex(isGate);
  return gate > 0 ? gate : words.findIndex((word) => leadsToGate([word]));
}

/** `su - USER -c SCRIPT`, in whatever order. */
function becomesBySu(words: readonly Word[], chain: Chain): void {
  const user = words.slice(1).find((word, i) => {
    const before = literal(words[i]) ?? "";
    return !/^-/.test(literal(word) ?? "-") && !/^-\w*[cs]$/.test(before);
  });
  if (user !== undefined) chain.becomes(user);
}

/** The script of `sh -c SCRIPT`, or of `eval`; null for another use. */
function scriptOf(words: readonly Word[]): string | null {
  if (baseName(words[0]) === "eval") {
    const values = words.slice(1).map(valueOf);
    return values.includes(null) ? null : values.join(" ");
  }
  const at = words.findIndex((word, i) =>
    i > 0 && /^-[a-z]*c[a-z]*$/.test(literal(word) ?? "")
  );
  const script = at < 0 ? undefined : words[at + 1];
  return script === undefined ? null : valueOf(script);
}

function jobsIn(source: string, line: number, job: Job, chain: Chain) {
  const walk = new Walk(job.scope.copy());
  walk.script(source, line);
  for (const each of walk.remarks) chain.remarks.push({ ...each, line });
  return { jobs: walk.jobs, isPlain: walk.isPlain };
}

/** A job of a shell that another one has started. */
const around = (inner: Job, outer: Job): Job => ({
  ...inner,
  redirects: [...inner.redirects, ...outer.redirects],
  pipedInto: [...inner.pipedInto, ...outer.pipedInto],
  isBackground: inner.isBackground || outer.isBackground,
  folder: inner.folder ?? outer.folder,
});

/** Another program at the end: all behind PORT stays word for word. */
function asItWas(
  chain: Chain,
  program: { words: readonly Word[]; before: Chain } | null,
): Chain {
  if (program === null) {
    throw new Untranslatable(
      chain.line,
      `${chain.program.map(written).join(" ")}: nothing is known of it, and ` +
        "nothing accepts connections",
    );
  }
  const { words, before } = program;
  const [first] = chain.program;
  const shown = baseName(first) ?? written(first);
  before.program = words;
  if (before.said("tls-cert") !== undefined) {
    throw new Untranslatable(
      before.line,
      `TLS from the start is for the built-in smtpd, not for ${shown}: ` +
        "this one stays with the program that it has",
    );
  }
  const hasSmtpd = words.some((word) => /smtpd/.test(baseName(word) ?? ""));
  if (shown === "postern" || shown === "smtpd") return before; // ours already
  before.remark(
    first.line,
    `${shown} is another program: it is run for each connection, as before` +
      (hasSmtpd
        ? `; what is behind ${shown} is its own affair, and stays as it is`
        : ""),
    hasSmtpd,
  );
  return before;
}
