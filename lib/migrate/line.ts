/**
 * A chain as a line for a shell.
 *
 * @module
 */
import type { Chain, Setting } from "./chain.ts";
import { assignment } from "./shell.ts";
import type { Translated } from "./translate.ts";
import { baseName, textWord, type Word, written } from "./word.ts";

/** smtpd's own words in a line; null for another program. */
function smtpdWords(chain: Chain): Word[] | null {
  if (chain.smtpd === null) return null;
  return [textWord("smtpd", chain.line), ...chain.smtpd.flatMap(wordsOf)];
}

const wordsOf = ({ long, value, line }: Setting): Word[] =>
  value === null
    ? [textWord(`--${long}`, line)]
    : [textWord(`--${long}`, line), value];

/** serve's options. */
export const serveOptions = (chain: Chain): Word[] =>
  chain.serve.flatMap(wordsOf);

/** PROGRAM and its arguments. */
export function programWords(chain: Chain): readonly Word[] {
  const smtpd = smtpdWords(chain);
  if (smtpd === null) return chain.program;
  const { wrappers, line } = chain;
  const isWithin = chain.place !== null &&
    wrappers.every(({ isOurs }) => isOurs);
  const ours = isWithin ? [] : [textWord("postern", line)];
  return [
    ...wrappers.flatMap(({ words, isOurs }) =>
      isOurs ? [...ours, ...words] : words
    ),
    ...ours,
    ...smtpd,
  ];
}

/** The line; variables of the script that it needs are assigned before. */
export function lineOf({ chain, job }: Translated): string {
  const all = [
    ...chain.isExecuted ? ["exec"] : [],
    ...environment(chain),
    ...chain.front.flatMap((words) => words.map(written)),
    ...commandOf(chain),
    ...job.redirects,
  ].join(" ");
  const piped = job.pipedInto.map((each) =>
    typeof each === "string" ? each : loggerOf(each)
  );
  return [all, ...piped].join(" | ") + (job.isBackground ? " &" : "");
}

function commandOf(chain: Chain): string[] {
  const program = programWords(chain).map(written);
  if (chain.place === null) return program;
  const { host, port } = chain.place;
  return [
    "postern",
    "serve",
    ...[...serveOptions(chain), host, port].map(written),
    ...program,
  ];
}

function environment(chain: Chain): string[] {
  const { env, unset, isCleared } = chain;
  const all = [
    ...isCleared ? ["-i"] : [],
    ...[...unset].map((name) => `-u ${name}`),
    ...[...env].map(([name, word]) => assignment(name, word)),
  ];
  return all.length === 0 ? [] : ["env", ...all];
}

/** splogger is postern's too. */
function loggerOf(words: readonly Word[]): string {
  const [first] = words;
  const isOurs = first !== undefined && baseName(first) === "splogger";
  return [
    ...isOurs ? ["postern", "splogger"] : [],
    ...words.slice(isOurs ? 1 : 0).map(written),
  ].join(" ");
}
