/**
 * postern completion: what a shell needs to complete postern's command lines.
 *
 * @module
 */
import {
  requestIn,
  spellingsIn,
  type Syntax,
} from "../lib/cli/command_line.ts";
import type { Completed } from "../lib/cli/completion/completed.ts";
import { shells } from "../lib/cli/completion/shells.ts";
import { print } from "../lib/cli/output.ts";
import { oneOfWords, word } from "../lib/cli/readers.ts";
import { UsageError } from "../lib/cli/scan.ts";
import { readAs } from "../lib/cli/values.ts";
import { commands } from "./commands.ts";

const names = Object.keys(shells);

const syntax: Syntax = {
  synopsis: [names.join("|")],
  description: [
    "Prints a script that completes subcommands, options and their values, " +
    "under the classic names too. For one shell that is " +
    "`source <(postern completion bash)`; for all that will be started: " +
    "`postern completion bash > /usr/share/bash-completion/completions/postern`.",
  ],
  subcommands: names.map((name) => ({ name, summary: `for ${name}` })),
  groups: [],
};

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  const name = requestIn(syntax, args, calledAs, ({ operands }) => {
    const [shell, ...more] = operands;
    if (shell === undefined || more.length > 0) {
      throw new UsageError(`${oneOfWords(names)} is wanted`);
    }
    return readAs("SHELL", shell, word(names));
  });
  if (name === null) return 0;
  print(await scriptFor(name));
  return 0;
}

/** The scripts, by shell. */
export async function completionScripts(): Promise<Record<string, string>> {
  const scripts = names.map(async (
    name,
  ) => [name, `${await scriptFor(name)}\n`]);
  return Object.fromEntries(await Promise.all(scripts));
}

const scriptFor = async (shell: string) =>
  shells[shell]("postern", await Promise.all(commands.map(completed)));

async function completed(
  { name, classicNames, summary, load }: typeof commands[number],
): Promise<Completed> {
  const syntax = await (await load()).describe();
  return {
    name,
    classicNames,
    summary,
    subcommands: syntax.subcommands ?? [],
    spellings: spellingsIn(syntax),
  };
}
