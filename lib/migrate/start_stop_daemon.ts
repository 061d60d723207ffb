/**
 * start-stop-daemon: what it starts, and as whom.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import type { Call } from "./programs.ts";
import { Untranslatable } from "./remark.ts";
import { literal, textWord, type Word, written } from "./word.ts";

/** Its options have long names too. */
const longOfStart: Readonly<Record<string, string>> = {
  exec: "x",
  startas: "a",
  chuid: "c",
  user: "u",
  group: "g",
  pidfile: "p",
  chdir: "d",
  nicelevel: "N",
  name: "n",
  background: "b",
  "make-pidfile": "m",
  start: "S",
  quiet: "q",
  oknodo: "o",
  verbose: "v",
};

export function startStopDaemon(
  { args, line }: Call,
  chain: Chain,
): readonly Word[] {
  let program: Word | undefined, pidfile: Word | undefined;
  let makesPidfile = false;
  const withValue = "xacugpdNnrkRIPs";
  for (let at = 0; at < args.length; at++) {
    const text = literal(args[at]) ?? "";
    if (text === "--" || !text.startsWith("-")) {
      at += text === "--" ? 1 : 0;
      if (makesPidfile && pidfile) chain.set("pidfile", pidfile, line);
      if (program === undefined) break;
      return [program, ...args.slice(at)];
    }
    const [, long, attached] = /^--([\w-]+)(?:=(.*))?$/s.exec(text) ?? [];
    const letters = long === undefined
      ? text.slice(1)
      : longOfStart[long] ?? "";
    for (const letter of letters) {
      const value = !withValue.includes(letter)
        ? undefined
        : attached === undefined
        ? args[++at]
        : textWord(attached, line);
      if (letter === "m") makesPidfile = true;
      if (letter === "b") {
        chain.remark(
          line,
          "--background: postern stays in front; add & or a supervisor",
        );
      }
      if (value === undefined) continue;
      if (letter === "x" || letter === "a") program = value;
      if (letter === "p") pidfile = value;
      if (letter === "c") chain.becomes(value, true);
      if (letter === "d") {
        chain.remark(line, `it is started in ${written(value)}`);
      }
    }
  }
  throw new Untranslatable(
    line,
    "start-stop-daemon names no program to --exec",
  );
}
