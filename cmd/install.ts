/**
 * postern install: the executable in its place, with its links, man pages and
 * completion.
 *
 * @module
 */
import { resolve } from "node:path";
import { Fatal } from "../lib/base/fatal.ts";
import { manPages } from "../lib/bundled/man_pages.ts";
import { requestIn, type Syntax, wrongUsage } from "../lib/cli/command_line.ts";
import {
  flag,
  oneOf,
  sections,
  value,
  type Values,
} from "../lib/cli/option.ts";
import { complain, print } from "../lib/cli/output.ts";
import { path } from "../lib/cli/readers.ts";
import { valuesOf } from "../lib/cli/values.ts";
import { install } from "../lib/install/install.ts";
import {
  classicLinks,
  completionThings,
  executable,
  manThings,
} from "../lib/install/layout.ts";
import type { Thing } from "../lib/install/thing.ts";
import { uninstall } from "../lib/install/uninstall.ts";
import { classicNames } from "./commands.ts";
import { completionScripts } from "./completion.ts";

const usualFolder = "/usr/local/bin";

const { groups, options } = sections({
  title: "Options",
  options: {
    to: value({
      long: "to",
      value: "dir",
      help: "where the executable and its links go",
      read: path,
      initial: usualFolder,
    }),
    create: flag({
      long: "create",
      help: "make that folder if it is not there",
    }),
    links: oneOf(true, [
      [{ long: "links", help: "make the classic names links to it" }, true],
      [{ long: "no-links", help: "leave them alone" }, false],
    ]),
    man: oneOf<boolean | null>(null, [
      [{
        long: "man",
        help: "put the man pages in place; root's default for " + usualFolder,
      }, true],
      [{ long: "no-man", help: "do not" }, false],
    ]),
    completion: oneOf<boolean | null>(null, [
      [{
        long: "completion",
        help: "the same for what completes command lines in bash, zsh, fish",
      }, true],
      [{ long: "no-completion", help: "do not" }, false],
    ]),
    share: value({
      long: "share",
      value: "dir",
      help: "where those two go",
      usual: "the share beside a folder that is called bin",
      manual: "Man pages go into `man/man1` and so on there, completion into " +
        "`bash-completion/completions`, `zsh/site-functions` and " +
        "`fish/vendor_completions.d`.",
      read: path,
      initial: null,
    }),
    uninstall: flag({
      long: "uninstall",
      help: "take away what was put there, and bring back what was before",
    }),
    dryRun: flag({ long: "dry-run", help: "only tell" }),
  },
});

const syntax: Syntax = {
  synopsis: [
    "[--to DIR] [--create] [--no-links] [--man] [--completion] [--dry-run]",
    "--uninstall [--to DIR] [--dry-run]",
  ],
  description: [
    "Puts this executable into DIR, in one step, while an older one may be " +
    `running, and makes ${classicNames.join(", ")} links to it. What was ` +
    "there before is kept as NAME.before-postern. All of it is done, or " +
    "nothing; after a power cut it is run again.",
  ],
  groups,
  habits: { permutes: true },
};

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  const asked = requestIn(syntax, args, calledAs, ({ given, operands }) => {
    if (operands.length > 0) {
      throw wrongUsage(calledAs, "no operand is wanted; --to DIR says where");
    }
    return valuesOf(options, given);
  });
  if (asked === null) return 0;
  const tell = (line: string) => print(line);
  const folder = resolve(asked.to);
  const { create, dryRun } = asked;
  if (asked.uninstall) {
    const { refuseWhereStarted } = await import("./still_started.ts");
    refuseWhereStarted(`${folder}/postern`);
    const warn = (line: string) => complain(`${calledAs}: ${line}`);
    return uninstall({ folder, dryRun }, tell, warn) ? 0 : 1;
  }
  if (!Deno.build.standalone) {
    throw new Fatal(
      100,
      "unable to install: this runs from its source; `scripts/deno task " +
        "build` makes the executable, and dist/postern install puts it in place",
    );
  }
  const things = await thingsOf(asked, folder, calledAs);
  install({ folder, things, create, dryRun }, tell);
  return 0;
}

async function thingsOf(
  { to, links, share, ...asked }: Values<typeof options>,
  folder: string,
  calledAs: string,
): Promise<Thing[]> {
  const isUsual = folder === usualFolder && Deno.uid() === 0;
  const man = asked.man ?? isUsual;
  const completion = asked.completion ?? isUsual;
  const names = links ? classicNames : [];
  const things = [executable(folder), ...classicLinks(folder, names)];
  if (!man && !completion) return things;
  const beside = /^(.*)\/s?bin$/.exec(folder)?.[1];
  if (share === null && beside === undefined) {
    throw wrongUsage(
      calledAs,
      `--share DIR is wanted for ${man ? "--man" : "--completion"}, since ` +
        `${JSON.stringify(to)} is not called bin`,
    );
  }
  const shared = share === null ? `${beside}/share` : resolve(share);
  return [
    ...things,
    ...(man ? manThings(shared, await manPages()) : []),
    ...(completion
      ? completionThings(shared, await completionScripts(), names)
      : []),
  ];
}
