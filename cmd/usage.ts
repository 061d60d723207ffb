/**
 * What postern says before there is a subcommand.
 *
 * @module
 */
import { columns, helpWidth, wrap } from "../lib/cli/help.ts";
import { nearest } from "../lib/cli/suggest.ts";
import { classicNames, commands } from "./commands.ts";

/** Those that stand in the place of a subcommand. */
const options = ["--help", "--version"];

/** What `postern --help` prints. */
export function usage(width = helpWidth()): string {
  const rows = commands.map(({ name, classicNames, summary }) => {
    const names = classicNames.join(", ");
    return [name, names ? `${summary} (${names})` : summary] as const;
  });
  return [
    "usage: postern SUBCOMMAND [options]",
    columns(rows, width),
    wrap(
      "`postern help SUBCOMMAND` shows its manual page. Called by a classic name " +
        `(${classicNames.join(", ")}) it behaves as that program.`,
      width,
    ),
  ].join("\n\n");
}

/** What is wrong with a word in the place of a subcommand. */
export function unknown(word: string): string {
  const isOption = word.startsWith("-");
  const kind = isOption ? "option" : "subcommand";
  const known = isOption ? options : commands.map(({ name }) => name);
  const meant = nearest(word, known);
  return [
    `unknown ${kind} ${JSON.stringify(word)}`,
    ...(meant === null ? [] : [`did you mean ${meant}?`]),
    "see postern --help",
  ].join("\n");
}
