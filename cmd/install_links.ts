/**
 * postern install-links: the classic names, as links to this executable.
 *
 * @module
 */
import { requestIn, type Syntax, wrongUsage } from "../lib/cli/command_line.ts";
import { flag, sections } from "../lib/cli/option.ts";
import { print } from "../lib/cli/output.ts";
import { valuesOf } from "../lib/cli/values.ts";
import { makeLinks } from "../lib/install/links.ts";
import { classicNames } from "./commands.ts";

const { groups, options } = sections({
  title: "Options",
  options: {
    force: flag({
      long: "force",
      help: "replace files that are not ours",
    }),
    dryRun: flag({ long: "dry-run", help: "only tell" }),
  },
});

const syntax: Syntax = {
  synopsis: ["[--force] [--dry-run] DIR"],
  description: [
    `Makes ${
      classicNames.join(", ")
    } in DIR links to this executable. A file ` +
    "that is not ours is replaced only with --force; if there is one, nothing " +
    "is changed.",
  ],
  groups,
  habits: { permutes: true },
};

export const describe = () => syntax;

export function run(args: string[], calledAs: string): Promise<number> {
  requestIn(syntax, args, calledAs, ({ given, operands }) => {
    const [folder, ...others] = operands;
    if (!folder || others.length > 0) {
      throw wrongUsage(calledAs, `one DIR is wanted`);
    }
    const tell = (line: string) => print(line);
    makeLinks(folder, classicNames, valuesOf(options, given), tell);
  });
  return Promise.resolve(0);
}
