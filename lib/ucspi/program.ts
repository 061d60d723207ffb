/**
 * Which file PROGRAM is, and whether it is postern's own SMTP server.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import { ownEnvironment } from "./environment.ts";

/** execvp's, when there is no PATH at all. */
const defaultPath = "/bin:/usr/bin";

/** PATH as text. What is no UTF-8 in it leads nowhere; Deno.env would throw. */
export function searchPath(): string | undefined {
  const path = ownEnvironment().get("PATH");
  return path && new TextDecoder().decode(toBytes(path));
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

function isThisExecutable(path: string): boolean {
  try {
    const ours = Deno.statSync(Deno.execPath());
    const theirs = Deno.statSync(path);
    return ours.dev === theirs.dev && ours.ino === theirs.ino;
  } catch {
    return false;
  }
}
