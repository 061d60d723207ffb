/**
 * From the arguments of postern rules to one of its actions.
 *
 * @module
 */
import { act as actBy } from "../../lib/cli/actions.ts";
import type { Syntax } from "../../lib/cli/command_line.ts";
import { actions } from "./actions.ts";
import { groups, options } from "./options.ts";

export const syntax: Syntax = {
  synopsis: actions.flatMap(({ name, synopsis }) =>
    synopsis.map((line) => `${name} ${line}`)
  ),
  description: [
    "Access rules: from a text to the constant database that serve looks into.",
  ],
  subcommands: actions,
  groups,
  notes: [
    "Where no TEXT is named, or -, it is read from stdin. Exit codes: 0 done, " +
    "1 findings, 100 the text or the request is wrong, or nothing has the " +
    "key, 111 try again later. Manual: postern-rules(1).",
  ],
  habits: { permutes: true },
};

/** Does what is asked for. Resolves to the exit code; throws Fatal. */
export const act = (
  args: readonly string[],
  calledAs: string,
): Promise<number> => actBy(syntax, actions, options, args, calledAs);
