/**
 * Which file PROGRAM is, and whether it is postern's own SMTP server.
 *
 * @module
 */
import { textOf } from "../base/bytes.ts";
import { ownEnvironment } from "./environment.ts";

/** execvp's, when there is no PATH at all. */
const defaultPath = "/bin:/usr/bin";

/** PATH as text. What is no UTF-8 in it leads nowhere; Deno.env would throw. */
export function searchPath(): string | undefined {
  const path = ownEnvironment().get("PATH");
  return path && textOf(path);
}

/**
 * The path to execute: a name without a slash is looked for in PATH. One that
 * may not be executed is better than none, because it says why.
 */
export function findProgram(name: string, path = defaultPath): string | null {
  if (name.includes("/")) return name;
  let forbidden: string | null = null;
  for (const folder of path.split(":")) {
    const candidate = `${folder || "."}/${name}`;
    if (isExecutable(candidate)) return candidate;
    if (forbidden === null && exists(candidate)) forbidden = candidate;
  }
  return forbidden;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether a path is a file that someone may execute. */
export function isExecutable(path: string): boolean {
  try {
    const stat = Deno.statSync(path);
    return stat.isFile && (stat.mode! & 0o111) !== 0;
  } catch {
    return false;
  }
}

/**
 * smtpd's own arguments if PROGRAM is this very executable and selects smtpd,
 * else null.
 *
 * @param bareWord whether `smtpd` alone means ours, as under `postern serve`
 */
export function builtInSmtpd(
  program: readonly string[],
  bareWord: boolean,
): { args: string[]; calledAs: string } | null {
  const [first, second, ...rest] = program;
  if (bareWord && first === "smtpd") {
    return { args: program.slice(1), calledAs: "postern smtpd" };
  }
  const path = findProgram(first, searchPath());
  if (path === null || !isThisExecutable(path)) return null;
  const name = first.slice(first.lastIndexOf("/") + 1);
  if (name === "qmail-smtpd") {
    return { args: program.slice(1), calledAs: name };
  }
  return second === "smtpd" ? { args: rest, calledAs: "postern smtpd" } : null;
}

/** Programs that may stand in front of smtpd, within the process. */
const wrapperNames = ["rblsmtpd", "recordio", "fixcrio"] as const;
export type WrapperName = typeof wrapperNames[number];

/** A program in front of another one that is this very executable. */
export interface BuiltInWrapper {
  readonly name: WrapperName;
  /** Its arguments, the program behind it among them. */
  readonly args: readonly string[];
  /** Words of ours that mean it, should it be executed. */
  readonly words: readonly string[];
}

/**
 * The wrapper that PROGRAM begins with, if it is this very executable, else
 * null.
 *
 * @param bareWord whether its name alone means ours
 */
export function builtInWrapper(
  program: readonly string[],
  bareWord: boolean,
): BuiltInWrapper | null {
  const [first, second] = program;
  if (first === undefined) return null;
  const name = first.slice(first.lastIndexOf("/") + 1);
  if (bareWord && isWrapper(first)) {
    const words = [Deno.execPath(), first];
    return { name: first, args: program.slice(1), words };
  }
  const path = findProgram(first, searchPath());
  if (path === null || !isThisExecutable(path)) return null;
  if (isWrapper(name)) return { name, args: program.slice(1), words: [first] };
  return second !== undefined && isWrapper(second)
    ? { name: second, args: program.slice(2), words: [first, second] }
    : null;
}

const isWrapper = (name: string): name is WrapperName =>
  wrapperNames.some((each) => each === name);

/** Whether a path leads to the file that runs here. */
export function isThisExecutable(path: string): boolean {
  try {
    const ours = Deno.statSync(Deno.execPath());
    const theirs = Deno.statSync(path);
    return ours.dev === theirs.dev && ours.ino === theirs.ino;
  } catch {
    return false;
  }
}
