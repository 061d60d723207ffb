/**
 * postern doctor: what is wrong with an installation, and what to type.
 *
 * @module
 */
import {
  orFatal,
  readArguments,
  spellingsIn,
  type Syntax,
} from "../lib/cli/command_line.ts";
import { flag, sections } from "../lib/cli/option.ts";
import { print } from "../lib/cli/output.ts";
import { type Given, scan, UsageError } from "../lib/cli/scan.ts";
import { valuesOf } from "../lib/cli/values.ts";
import { formatOption } from "./format_option.ts";
import { missingIn, syntax as serveSyntax } from "./serve_options.ts";
import type { Request } from "./doctor/answer.ts";
import { withoutServe } from "./without_serve.ts";

const { groups, options } = sections({
  title: "Options",
  options: {
    dns: flag({
      long: "dns",
      help: "ask the DNS about our name and our domains",
      manual:
        `The addresses of our name and whether they lead back to it (PTR); MX, SPF,
MTA-STS and TLSRPT records of the domains that mail is taken for.
Without this nothing is sent to anybody.`,
    }),
    format: formatOption("of what is printed"),
  },
});

const syntax: Syntax = {
  synopsis: [
    "[--dns] [--format json] [SERVE-OPTIONS] HOST PORT PROGRAM [ARG...]",
    "[--dns] [--format json] --config FILE",
    "[--dns] [--format json] [SCRIPT...]",
  ],
  description: [
    "Looks at an installation and says what is wrong and what to type: at a " +
    "serve command line, at a configuration file, at what run scripts, init " +
    "scripts and units start, or, where nothing is named, at all that is " +
    "installed here. Nothing is executed, written or changed; what could not " +
    "be looked at is said.",
  ],
  groups,
  notes: [
    "Exit code: 0 nothing is wrong, 1 something is, 100 wrong usage, or " +
    "there is nothing that could be looked at.",
  ],
  passesOn: serveSyntax.groups,
};

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  // A process of our own, which has the environment and the ids of a service.
  const served = Deno.env.get("POSTERN_DOCTOR");
  if (served !== undefined) {
    const { check } = await import("./doctor/check.ts");
    print(JSON.stringify(await check(args, JSON.parse(served))));
    return 0;
  }
  const request = orFatal(calledAs, () => requestOf(args, calledAs));
  if (request === null) return 0;
  const { answer } = await import("./doctor/answer.ts");
  return await answer(request);
}

function requestOf(args: string[], calledAs: string): Request | null {
  const found = readArguments(syntax, args, calledAs);
  if (found === null) return null;
  const rest = withoutServe(args, found.operands);
  if (rest !== null) return requestOf(rest, calledAs);
  const own = spellingsIn({ groups });
  const isOwn = ({ long }: Given) => own.some((each) => each.long === long);
  const others = found.given.filter((each) => !isOwn(each));
  const [first] = found.operands;
  if (others.length === 0 && (first === undefined || isPath(first))) {
    // Options may stand behind a script, since it has none.
    const again = scan(own, args, { permutes: true });
    if (again.wantsHelp) {
      return readArguments(syntax, ["--help"], calledAs) && null;
    }
    return {
      ...valuesOf(options, again.given),
      scripts: again.operands,
      line: null,
    };
  }
  const words = found.given.filter(isOwn).map(({ words }) => words ?? [0, 0]);
  const line = args.filter((_, at) =>
    !words.some(([from, to]) => from <= at && at < to)
  );
  if (others.some(({ long }) => long === "check")) {
    throw new UsageError("--check is part of it: leave it out");
  }
  const isInFile = others.some(({ long }) => long === "config");
  const missing = isInFile ? null : missingIn(found.operands);
  if (missing !== null) throw new UsageError(missing);
  return {
    ...valuesOf(options, found.given.filter(isOwn)),
    scripts: [],
    line,
  };
}

/** HOST has no slash, and is no file. */
function isPath(operand: string): boolean {
  if (operand.includes("/")) return true;
  try {
    return !/^\d*$/.test(operand) && !Deno.statSync(operand).isSymlink;
  } catch {
    return false; // it is a HOST
  }
}
