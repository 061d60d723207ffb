/**
 * A command line as its command declares it: the usual way from arguments to
 * options and operands.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { type Description, helpText, helpWidth } from "./help.ts";
import { type Group, type Spelling, spellingsOf } from "./option.ts";
import { print } from "./output.ts";
import { type Habits, scan, type Scanned, UsageError } from "./scan.ts";

/** All that there is to know of a command's arguments. */
export interface Syntax extends Description {
  readonly habits?: Habits;
  /** Options that it takes for another command; they are not in its help. */
  readonly passesOn?: readonly Group[];
}

/** Each way to say an option of a command, once. */
export function spellingsIn(
  { groups, passesOn = [] }: Pick<Syntax, "groups" | "passesOn">,
): Spelling[] {
  return spellingsOf([...groups, ...passesOn].map(({ options }) => options));
}

/**
 * Reads arguments, or prints the help that they ask for, which is null.
 *
 * @throws UsageError
 */
export function readArguments(
  syntax: Syntax,
  args: readonly string[],
  calledAs: string,
): Scanned | null {
  const scanned = scan(spellingsIn(syntax), args, syntax.habits);
  if (!scanned.wantsHelp) return scanned;
  print(helpText(calledAs, syntax, helpWidth()));
  return null;
}

/**
 * What a command is asked to do.
 *
 * @param understood makes it of the arguments; may throw UsageError
 * @returns null if `--help` was printed
 * @throws Fatal that says what is wrong with the usage
 */
export const requestIn = <T>(
  syntax: Syntax,
  args: readonly string[],
  calledAs: string,
  understood: (found: Scanned) => T,
): T | null =>
  orFatal(calledAs, () => {
    const found = readArguments(syntax, args, calledAs);
    return found && understood(found);
  });

/** Does something; what is wrong with the usage ends the command. */
export function orFatal<T>(calledAs: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof UsageError
      ? wrongUsage(calledAs, error.message)
      : error;
  }
}

/** The request is wrong; the help tells more. */
export const wrongUsage = (calledAs: string, what: string): Fatal =>
  new Fatal(100, `${what}; see ${calledAs} --help`);
