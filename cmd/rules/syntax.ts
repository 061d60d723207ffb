/**
 * From the arguments of postern rules to one of its actions.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import {
  orFatal,
  spellingsIn,
  type Syntax,
} from "../../lib/cli/command_line.ts";
import { helpText, helpWidth } from "../../lib/cli/help.ts";
import { print } from "../../lib/cli/output.ts";
import { type Given, scan, UsageError } from "../../lib/cli/scan.ts";
import { oneOfWords } from "../../lib/cli/readers.ts";
import { nearest } from "../../lib/cli/suggest.ts";
import { valuesOf } from "../../lib/cli/values.ts";
import { type Action, actions } from "./actions.ts";
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
export async function act(
  args: readonly string[],
  calledAs: string,
): Promise<number> {
  return await orFatal(calledAs, () => {
    const { given, operands: [name, ...operands], wantsHelp } = scan(
      spellingsIn(syntax),
      args,
      syntax.habits,
    );
    const action = actions.find((each) => each.name === name);
    if (wantsHelp) {
      const about = action ? syntaxOf(action) : syntax;
      print(helpText(calledAs, about, helpWidth()));
      return 0;
    }
    if (!action) throw noAction(name);
    refuseOthers(action, given);
    return action.run(operands, valuesOf(options, given), calledAs) ??
      wrongOperands(action, calledAs);
  });
}

/** What one of the actions takes. */
function syntaxOf({ name, synopsis, summary, takes }: Action): Syntax {
  const own = Object.entries(options).filter(([field]) =>
    takes.some((each) => each === field)
  );
  return {
    synopsis: synopsis.map((line) => `${name} ${line}`),
    description: [`${summary[0].toUpperCase()}${summary.slice(1)}.`],
    groups: own.length === 0
      ? []
      : [{ title: "Options", options: Object.fromEntries(own) }],
  };
}

function noAction(name: string | undefined): UsageError {
  const known = actions.map((each) => each.name);
  if (name === undefined) {
    return new UsageError(`${oneOfWords(known)} is wanted`);
  }
  const meant = nearest(name, known);
  return new UsageError(
    `unknown subcommand ${JSON.stringify(name)}` +
      (meant === null ? "" : ` (did you mean ${meant}?)`),
  );
}

/** An option of another action would not count. */
function refuseOthers(action: Action, given: readonly Given[]): void {
  const own = spellingsIn(syntaxOf(action)).map(({ long }) => long);
  const other = given.find(({ long }) => !own.includes(long));
  if (other) throw new UsageError(`${other.name} is not for ${action.name}`);
}

function wrongOperands(action: Action, calledAs: string): never {
  const usages = syntaxOf(action).synopsis.map((line) =>
    `usage: ${calledAs} ${line}`
  );
  throw new Fatal(100, [...usages, `see ${calledAs} --help`].join("\n"));
}
