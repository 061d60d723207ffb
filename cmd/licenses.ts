/**
 * postern licenses: whose work is in the executable, and on what terms.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { reason } from "../lib/base/reason.ts";
import { type Crate, cratesIn } from "../lib/bundled/crates.ts";
import { notices } from "../lib/bundled/notices.ts";
import { noticesList, noticesText } from "../lib/bundled/notices_text.ts";
import { requestIn, type Syntax, wrongUsage } from "../lib/cli/command_line.ts";
import { flag, sections } from "../lib/cli/option.ts";
import { print } from "../lib/cli/output.ts";
import { valuesOf } from "../lib/cli/values.ts";
import { formatOption } from "./format_option.ts";

const { groups, options } = sections({
  title: "Options",
  options: {
    list: flag({
      long: "list",
      help: "a line for each: its name, version and licence",
    }),
    format: formatOption("how all of it is told"),
  },
});

const syntax: Syntax = {
  synopsis: ["[--list] [--format text|json]"],
  description: [
    "Prints the licences of what this executable holds: postern, the " +
    "libraries that the build has joined with it, and the runtime. What the " +
    "runtime is linked of is read out of the executable.",
  ],
  groups,
  habits: { permutes: true },
};

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  const asked = requestIn(syntax, args, calledAs, ({ given, operands }) => {
    if (operands.length > 0) {
      throw wrongUsage(calledAs, "no operand is wanted");
    }
    return valuesOf(options, given);
  });
  if (asked === null) return 0;
  const found = await notices();
  if (found === null) {
    throw new Fatal(
      100,
      "unable to tell the licences: this runs from its source; " +
        "`scripts/deno task build` finds them and puts them into the executable",
    );
  }
  const { deno, v8 } = Deno.version;
  const isJson = asked.format === "json";
  if (asked.list && !isJson) {
    print(...noticesList(found, { Deno: deno, V8: v8 }));
    return 0;
  }
  const crates = crateList();
  if (isJson) {
    const all = { ...found, deno, v8, crates };
    const withoutTexts = (key: string, value: unknown) =>
      asked.list && key === "texts" ? undefined : value;
    print(JSON.stringify(all, withoutTexts, 2));
  } else print(noticesText(found, crates, deno).trimEnd());
  return 0;
}

/** What is read out of our own file. Throws Fatal. */
function crateList(): Crate[] {
  try {
    return cratesIn(Deno.readFileSync("/proc/self/exe"));
  } catch (error) {
    throw new Fatal(111, `unable to read this executable: ${reason(error)}`, {
      cause: error,
    });
  }
}
