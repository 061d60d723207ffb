/**
 * Limits of softlimit and its like.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import type { Option } from "./getopt.ts";
import { written } from "./word.ts";

/** By the letters of softlimit, which are chpst's too. */
export const limitNames: Readonly<Record<string, string>> = {
  m: "memory",
  a: "memory",
  d: "memory",
  l: "locked memory",
  s: "stack",
  r: "resident memory",
  o: "open files",
  p: "processes",
  c: "core files",
  f: "the size of files",
  t: "CPU seconds",
};

/** Limits are one session's there, and would be all sessions' here. */
export function limit(
  name: string,
  { letter, value }: Option,
  line: number,
  chain: Chain,
): void {
  const what = limitNames[letter];
  if (what === undefined || value === null) return;
  const said = `${name} -${letter} ${written(value)}`;
  const why = "mdlsra".includes(letter)
    ? "dropped: it was meant for one small process a session, and would kill " +
      "the runtime of the one process that serves all (--limit and " +
      "--databytes keep its memory small)"
    : letter === "f"
    ? "dropped: it would stop Maildir files and logs of all sessions; " +
      "--databytes limits a message"
    : letter === "t"
    ? "dropped: a gate runs for years; --max-session limits a session"
    : "dropped: postern sees to that itself";
  chain.remark(line, `${said} (${what}): ${why}`, "ft".includes(letter));
}
