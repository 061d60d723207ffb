/**
 * A command whose first operand says what it is to do: a row for each of its
 * subcommands, with the options that it takes.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { orFatal, spellingsIn, type Syntax } from "./command_line.ts";
import { helpText, helpWidth } from "./help.ts";
import type { Table, Values } from "./option.ts";
import { print } from "./output.ts";
import { oneOfWords } from "./readers.ts";
import { type Given, scan, UsageError } from "./scan.ts";
import { nearest } from "./suggest.ts";
import { valuesOf } from "./values.ts";

/** @typeParam O the options of the whole command */
export interface Action<O> {
  readonly name: string;
  /** What may follow its name; one line for each way to call it. */
  readonly synopsis: readonly string[];
  readonly summary: string;
  readonly takes: readonly (keyof O)[];
  /**
   * @returns null if there are too many operands, or too few
   * @throws Fatal, UsageError
   */
  run(
    operands: readonly string[],
    options: O,
    calledAs: string,
  ): Promise<number> | null;
}

/** Does what is asked for. Resolves to the exit code; throws Fatal. */
export async function act<T extends Table>(
  syntax: Syntax,
  actions: readonly Action<Values<T>>[],
  options: T,
  args: readonly string[],
  calledAs: string,
): Promise<number> {
  const asked = orFatal(calledAs, () => {
    const { given, operands: [name, ...operands], wantsHelp } = scan(
      spellingsIn(syntax),
      args,
      syntax.habits,
    );
    const action = actions.find((each) => each.name === name);
    if (wantsHelp) {
      const about = action ? syntaxOf(action, options) : syntax;
      print(helpText(calledAs, about, helpWidth()));
      return 0;
    }
    if (!action) throw noAction(name, actions);
    const own = syntaxOf(action, options);
    refuseOthers(action.name, own, given);
    return action.run(operands, valuesOf(options, given), calledAs) ??
      wrongOperands(own, calledAs);
  });
  // An action that loads what it is made of may find out only then.
  return await Promise.resolve(asked).catch((error) =>
    orFatal(calledAs, () => {
      throw error;
    })
  );
}

/** What one of the actions takes. */
function syntaxOf<T extends Table>(
  { name, synopsis, summary, takes }: Action<Values<T>>,
  options: T,
): Syntax {
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

function noAction(
  name: string | undefined,
  actions: readonly { readonly name: string }[],
): UsageError {
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
function refuseOthers(
  name: string,
  own: Syntax,
  given: readonly Given[],
): void {
  const known = spellingsIn(own).map(({ long }) => long);
  const other = given.find(({ long }) => !known.includes(long));
  if (other) throw new UsageError(`${other.name} is not for ${name}`);
}

function wrongOperands({ synopsis }: Syntax, calledAs: string): never {
  const usages = synopsis.map((line) => `usage: ${calledAs} ${line}`);
  throw new Fatal(100, [...usages, `see ${calledAs} --help`].join("\n"));
}
