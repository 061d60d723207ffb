/**
 * Scripts that say in variables what is started, and leave the starting to
 * rc.subr (FreeBSD, NetBSD, OpenBSD) or to openrc-run.
 *
 * @module
 */
import type { Scope } from "./scope.ts";
import { valueOf, type Word } from "./word.ts";

/** What such a script starts. */
export interface RcCommand {
  /** For a shell. */
  readonly source: string;
  readonly line: number;
  /** USER, or USER:GROUP; null where nobody says. */
  readonly user: Word | null;
  /** The variables that say so. */
  readonly names: readonly string[];
}

/** null where the variables name no program. */
export function rcCommand(scope: Scope): RcCommand | null {
  const get = (name: string) => {
    const found = scope.variables.get(name);
    return found && { pieces: found.pieces, line: found.line };
  };
  const text = (name: string) => {
    const word = get(name);
    return word && (valueOf(word) ?? undefined);
  };
  const name = text("name") ?? "";
  const ways = [
    { command: "command", args: [`${name}_flags`, "command_args"] },
    { command: "daemon", args: ["daemon_flags"] },
  ];
  for (const { command, args } of ways) {
    const program = text(command);
    if (!program) continue;
    const said = args.filter((each) => text(each));
    const user = ["command_user", `${name}_user`, "daemon_user"].map(get)
      .find((each) => each !== undefined);
    return {
      source: [program, ...said.map((each) => text(each)!)].join(" "),
      line: get(command)!.line,
      user: user ?? null,
      names: [command, ...said],
    };
  }
  return null;
}
