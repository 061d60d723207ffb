/**
 * From a script to chains: each command of it that is, or leads to, a gate or
 * qmail-smtpd.
 *
 * @module
 */
import { Chain } from "./chain.ts";
import { asShell, isExecline } from "./execline.ts";
import type { Machine } from "./machine.ts";
import { oldVariable } from "./old_patches.ts";
import { endNames, gateNames, programOf } from "./programs.ts";
import { type Remark, Untranslatable } from "./remark.ts";
import { Scope } from "./scope.ts";
import { type Job, Walk } from "./shell.ts";
import {
  baseName,
  literal,
  textWord,
  valueOf,
  type Word,
  written,
} from "./word.ts";

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
const shells = ["sh", "bash", "dash", "ash", "ksh", "csh", "tcsh", "su"];

/** Scripts in scripts, at most. */
const deepest = 5;

/**
 * @param source a script, or a command line
 * @throws Untranslatable
 */
export function translate(source: string, machine: Machine): Translation {
  const walk = new Walk(new Scope(machine));
  walk.script(isExecline(source) ? asShell(source) : source);
  const remarks = [...walk.remarks];
  const found: Translated[] = [];
  for (const job of walk.jobs) {
    if (leadsToGate(job.words)) found.push(...translated(job, remarks, 0));
    else remarks.push(...ofOther(job));
  }
  return { found, remarks };
}

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
  let program: { words: readonly Word[]; before: Chain } | null = null;
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
      const jobs = jobsIn(inside, first.line, job, chain);
      if (!chain.isBehind && depth < deepest) {
        const wanted = jobs.filter((each) => leadsToGate(each.words));
        return wanted.flatMap((each) =>
          translated(around(each, job), remarks, depth + 1, chain)
        );
      }
      const [only, ...more] = jobs;
      if (only !== undefined && more.length === 0 && depth++ < deepest) {
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

/**
 * A line of inetd.conf(5), in whose place serve listens itself: the program
 * and its arguments. null for another command.
 */
function ofInetd(words: readonly Word[], chain: Chain): Word[] | null {
  const [port, stream, tcp, nowait, user, path, argv0, ...args] = words;
  const texts = [stream, tcp, nowait].map((word) => word && valueOf(word));
  if (argv0 === undefined) return null;
  if (!/^stream tcp[46]? nowait/.test(texts.join(" "))) return null;
  chain.place = { host: textWord("0", chain.line), port };
  chain.becomes(user, true);
  chain.remark(chain.line, "a line of inetd: serve listens in its place");
  return [baseName(path) === "tcpd" ? argv0 : path, ...args];
}

/** The script of `sh -c SCRIPT`; null for another use of a shell. */
function scriptOf(words: readonly Word[]): string | null {
  const at = words.findIndex((word, i) =>
    i > 0 && /^-[a-z]*c[a-z]*$/.test(literal(word) ?? "")
  );
  const script = at < 0 ? undefined : words[at + 1];
  return script === undefined ? null : valueOf(script);
}

function jobsIn(source: string, line: number, job: Job, chain: Chain): Job[] {
  const walk = new Walk(job.scope.copy());
  walk.script(source, line);
  for (const each of walk.remarks) chain.remarks.push({ ...each, line });
  return walk.jobs;
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

/** What is said once all is known. */
function finish(chain: Chain, job: Job): void {
  const { scope } = job;
  for (const name of scope.exported) {
    const found = scope.variables.get(name);
    if (found && !chain.env.has(name)) {
      chain.env.set(name, { pieces: found.pieces, line: found.line });
    }
  }
  for (const name of scope.unset) {
    if (!chain.env.has(name)) chain.unset.add(name);
  }
  if (chain.smtpd === null) return;
  for (const [name, word] of [...chain.env]) variable(name, word, chain);
  if (chain.place === null) return;
  const limits = chain.said("limit")?.value;
  if (chain.said("per-ip") === undefined) {
    chain.remark(
      chain.line,
      "one client alone gets no more than half of --limit" +
        `${limits ? ` ${written(limits)}` : ""}; --per-ip 0 takes that away`,
    );
  }
  if (chain.said("verbose") !== undefined) {
    chain.remark(
      chain.line,
      "--verbose says what becomes of each message too; --mail-log off keeps " +
        "the old lines alone",
    );
  }
  chain.remark(
    chain.line,
    "smtpd speaks today's SMTP; smtpd --classic has qmail-smtpd's own words",
  );
}

/** Variables that a shell has anyway. */
const common = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LC_ALL",
  "TZ",
];

/** A variable of the environment of smtpd. */
function variable(name: string, word: Word, chain: Chain): void {
  const value = valueOf(word);
  const { line } = word;
  if (name === "PATH" && !chain.isCleared && !runsPrograms(chain)) {
    chain.env.delete(name);
    return;
  }
  if (common.includes(name)) return;
  if (name === "RELAYCLIENT") {
    chain.remark(
      line,
      "RELAYCLIENT is set for everybody: whoever may connect may relay",
    );
  }
  const old = oldVariable(name);
  if (old === null || old.fate === "same") return;
  chain.env.delete(name);
  const isOff = value === "" || value === "0";
  if (name === "SMTPS" && !isOff) return smtps(word, chain);
  if (name === "SPFBEHAVIOR") return spf(value, line, chain);
  if (old.option !== undefined && value !== null && /^[1-9]\d*$/.test(value)) {
    chain.smtpd!.push({ long: old.option, value: textWord(value, line), line });
    chain.remark(line, `${name}: --${old.option} of smtpd`);
    return;
  }
  if (chain.tls !== null && /FILE$|^C.*DIR$/.test(name)) return; // it is used
  const loses = old.fate === "lost" && !isOff;
  chain.remark(line, `${name} (${old.meant}): ${old.now}`, loses);
}

const runsPrograms = (chain: Chain): boolean =>
  chain.env.has("QMAILQUEUE") || chain.env.has("RCPTCHECK") ||
  chain.wrappers.some(({ isOurs }) => !isOurs) || chain.front.length > 0 ||
  chain.smtpd!.some(({ long }) => long === "checkpassword");

function smtps({ line }: Word, chain: Chain): void {
  if (chain.said("tls-cert") !== undefined || chain.place === null) return;
  const usual = "/var/qmail/control/servercert.pem";
  chain.set("tls-cert", textWord(usual, line), line);
  chain.remark(line, `SMTPS: TLS from the start, with ${usual}`);
}

/** 0 off, 1 records, 2 defers what cannot be told, 3 refuses fail, and more. */
function spf(value: string | null, line: number, chain: Chain): void {
  const level = value === null ? NaN : Number(value || 0);
  if (level === 0) return;
  const long = level < 3 ? "authentication-results" : "spf";
  chain.smtpd!.push({ long, value: null, line });
  chain.remark(
    line,
    `SPFBEHAVIOR ${value ?? ""}: --${long} of smtpd` +
      (level > 3
        ? ", which refuses fail, and neither softfail nor neutral"
        : ""),
    level > 3 || level === 2 || Number.isNaN(level),
  );
}
