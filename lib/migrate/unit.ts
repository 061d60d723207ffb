/**
 * A service unit of systemd.service(5), whose ExecStart is a command line.
 *
 * @module
 */
import type { RcCommand } from "./rc_variables.ts";
import type { Remark } from "./remark.ts";
import { textWord } from "./word.ts";

export const isUnit = (source: string): boolean =>
  /^\[Service\]\s*$/m.test(source) && /^\s*ExecStart\s*=/m.test(source);

/** Limits that end the runtime of the one process that serves all. */
const killing = /^Limit(?:AS|DATA|STACK|CPU)$|^MemoryDenyWriteExecute$/;

/** What a unit starts, and what is to be said of its other keys. */
export function unitCommand(
  source: string,
): { command: RcCommand; remarks: readonly Remark[] } {
  const remarks: Remark[] = [];
  const front: string[] = [];
  let command = "", user = "", group = "", line = 1;
  const whole = source.replace(
    /\\\n[ \t]*/g,
    (all) => `${" ".repeat(all.length - 1)}\v`,
  );
  let at = 1;
  for (const text of whole.split("\n")) {
    const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/s.exec(
      text.replaceAll("\v", " "),
    ) ?? [];
    if (key === "ExecStart" && value !== "") {
      command = value.replace(/^[-@:+!|]+/, "");
      line = at;
    } else if (key === "User") user = value;
    else if (key === "Group") group = value;
    else if (key === "Environment") front.push(`export ${value}`);
    else if (key === "EnvironmentFile") {
      front.push(`set -a; . ${value.replace(/^-/, "")}`);
    } else if (key !== undefined && killing.test(key)) {
      remarks.push({
        line: at,
        text: `${key}=${value}: take it out, since it would end the runtime ` +
          "of the one process that serves all",
        loses: true,
      });
    }
    at += text.split("\v").length;
  }
  const who = group === "" ? user : `${user}:${group}`;
  return {
    remarks,
    command: {
      source: [...front, `exec ${command}`].join("; "),
      line,
      user: user === "" ? null : textWord(who, line),
      names: ["ExecStart"],
    },
  };
}
