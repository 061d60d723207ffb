/**
 * What is to be said and done when the whole chain is known: variables of the
 * environment above all.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import { oldVariable } from "./old_patches.ts";
import type { Job } from "./job.ts";
import { textWord, valueOf, type Word, written } from "./word.ts";

/** What is said once all is known. */
export function finish(chain: Chain, job: Job): void {
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
