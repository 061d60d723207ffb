/**
 * Completion for fish.
 *
 * @module
 */
import type { Spelling } from "../option.ts";
import { type Completed, kindOf, quoted } from "./completed.ts";

/** @param main the name under which commands are subcommands */
export function fish(main: string, commands: readonly Completed[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const first = `complete -c ${main} -n __fish_use_subcommand -f`;
  return [
    `# Completion of ${main}, made by \`${main} completion fish\`.`,
    ...commands.map(({ name, summary }) =>
      `${first} -a ${name} -d ${quoted(summary)}`
    ),
    `${first} -a help -d 'show the manual page of one of these'`,
    `complete -c ${main} -n '__fish_seen_subcommand_from help' -f -a ${
      quoted(names)
    }`,
    ...commands.flatMap((command) => [
      ...linesOf(
        `complete -c ${main} -n ${
          quoted(`__fish_seen_subcommand_from ${command.name}`)
        }`,
        command,
      ),
      ...command.classicNames.flatMap((name) =>
        linesOf(`complete -c ${name}`, command)
      ),
    ]),
  ].join("\n");
}

function linesOf(
  start: string,
  { spellings, subcommands }: Completed,
): string[] {
  return [
    ...subcommands.map(({ name, summary }) =>
      `${start} -a ${name} -d ${quoted(summary)}`
    ),
    ...spellings.map((spelling) => `${start} ${argumentsOf(spelling)}`),
  ];
}

function argumentsOf(spelling: Spelling): string {
  const { short, long, value, words = [], help } = spelling;
  const letter = short === undefined ? "" : `-s ${short} `;
  const kinds = { path: " -r -F", words: "", any: " -x" };
  const takes = value === undefined
    ? ""
    : words.length > 0
    ? ` -x -a ${quoted(words.join(" "))}`
    : kinds[kindOf(spelling)];
  return `${letter}-l ${long}${takes} -d ${quoted(help)}`;
}
