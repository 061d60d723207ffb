/**
 * A serve command line made independent of the folder, and of the PATH, that
 * it was written in: the script starts in /.
 *
 * @module
 */
import { absolutePath } from "../../lib/base/path.ts";
import { spellingsIn } from "../../lib/cli/command_line.ts";
import { absoluteText, absoluteWords } from "../../lib/cli/paths.ts";
import { scriptPath } from "../../lib/service/service.ts";
import { type Given, scan, UsageError } from "../../lib/cli/scan.ts";
import {
  findProgram,
  isExecutable,
  isThisExecutable,
  searchPath,
} from "../../lib/ucspi/program.ts";
import { chainOf } from "../serve/chain.ts";
import { syntax as serveSyntax } from "../serve_options.ts";

/** serve's own words. */
export const absoluteOptions = (
  args: readonly string[],
  given: readonly Given[],
  folder: string,
): string[] => absoluteWords(args, given, spellingsIn(serveSyntax), folder);

/**
 * PROGRAM and its arguments, where they are on a command line.
 *
 * @throws UsageError
 */
export async function absoluteProgram(
  program: readonly string[],
  folder: string,
): Promise<string[]> {
  const { smtpd } = await chainOf(program, true);
  if (smtpd === null) {
    const [first, ...args] = program;
    const path = pathOf(first, folder);
    refuseRelative(args, folder);
    return [path, ...args];
  }
  const front = program.slice(0, program.length - smtpd.args.length)
    .map((word) =>
      isOfFolder(word, folder) && word.includes("/")
        ? absolutePath(word, folder)
        : atBoot(word)
    );
  return [...front, ...await absoluteSmtpd(smtpd, folder)];
}

/** A program of ours that a script would not find by its name. */
function atBoot(word: string): string {
  if (word.includes("/") || findProgram(word, scriptPath) !== null) return word;
  const path = findProgram(word, searchPath());
  return path !== null && isThisExecutable(path) ? path : word;
}

/** Under the classic name it looks at no argument. */
async function absoluteSmtpd(
  { args, calledAs }: { args: readonly string[]; calledAs: string },
  folder: string,
): Promise<readonly string[]> {
  if (calledAs === "qmail-smtpd") return args;
  const { syntax } = await import("../smtpd/syntax.ts");
  const spellings = spellingsIn(syntax);
  return absoluteWords(args, scan(spellings, args).given, spellings, folder);
}

/** The path of a program. Throws UsageError. */
function pathOf(name: string, folder: string): string {
  const path = name.includes("/")
    ? absolutePath(name, folder)
    : findProgram(name, scriptPath) ?? findProgram(name, searchPath());
  if (path !== null && isExecutable(path)) return absolutePath(path, folder);
  throw new UsageError(
    `unable to run ${name}: ` +
      (path === null
        ? `no such program in ${scriptPath}, nor in $PATH`
        : `${path} is no program`),
  );
}

/**
 * What a program makes of its arguments nobody knows: those that look like
 * files of this folder would be others, or none, where it is started.
 *
 * @throws UsageError
 */
function refuseRelative(args: readonly string[], folder: string): void {
  for (const arg of args) {
    const path = arg.replace(/^-[^=/]*=/, "");
    if (path.startsWith("/") || !isOfFolder(path, folder)) continue;
    throw new UsageError(
      `${JSON.stringify(arg)} is a path from ${folder} on, and the script ` +
        `starts in /: write ${absolutePath(path, folder)}`,
    );
  }
}

function isOfFolder(path: string, folder: string): boolean {
  if (/^\.{1,2}(?:\/|$)/.test(path)) return true;
  if (path === "" || path.startsWith("-")) return false;
  try {
    Deno.lstatSync(absolutePath(path, folder));
    return true;
  } catch {
    return false; // there is none of that name
  }
}

/**
 * Refuses what a file names from anywhere but / on, since nobody may rewrite
 * the file.
 *
 * @param where the file and the block
 * @throws UsageError
 */
export async function refuseRelativeIn(
  where: string,
  given: readonly Given[],
  program: readonly string[],
): Promise<void> {
  const probe = "/from-here-on";
  for (const { long, text } of given) {
    const spelling = spellingsIn(serveSyntax).find((each) =>
      each.long === long
    );
    if (spelling?.value === undefined) continue;
    refuseUnlike(where, long, text, absoluteText(text, spelling, probe));
  }
  const { smtpd } = await chainOf(program, true);
  const [first] = program;
  if (first.includes("/")) {
    refuseUnlike(where, "program", first, absolutePath(first, probe));
  } else if (smtpd === null && findProgram(first, scriptPath) === null) {
    throw new UsageError(
      `${where}: no ${first} in ${scriptPath}, the script's PATH: ` +
        "write its path",
    );
  }
  if (smtpd === null || smtpd.calledAs === "qmail-smtpd") return;
  const { syntax } = await import("../smtpd/syntax.ts");
  const spellings = spellingsIn(syntax);
  for (const { long, text } of scan(spellings, smtpd.args).given) {
    const spelling = spellings.find((each) => each.long === long);
    if (spelling?.value === undefined) continue;
    refuseUnlike(where, `--${long}`, text, absoluteText(text, spelling, probe));
  }
}

function refuseUnlike(
  where: string,
  what: string,
  text: string,
  absolute: string,
): void {
  if (text === absolute || !absolute.includes("/from-here-on/")) return;
  throw new UsageError(
    `${where}: ${what} is ${JSON.stringify(text)}, a relative path, and the ` +
      "script starts in /: write it from / on",
  );
}
