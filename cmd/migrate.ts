/**
 * postern migrate: run scripts of tcpserver and its kin, as postern's lines.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { reason } from "../lib/base/reason.ts";
import {
  orFatal,
  readArguments,
  type Syntax,
  wrongUsage,
} from "../lib/cli/command_line.ts";
import { sections, value } from "../lib/cli/option.ts";
import { print } from "../lib/cli/output.ts";
import { text, word } from "../lib/cli/readers.ts";
import { valuesOf } from "../lib/cli/values.ts";

const forms = ["line", "config"] as const;

const { groups, options } = sections({
  title: "Options",
  options: {
    to: value({
      long: "to",
      value: "form",
      words: forms,
      help: "line: for a run script; config: for postern serve --config",
      read: word(forms),
      initial: "line",
    }),
    line: value({
      long: "line",
      value: "text",
      help: "a command line, in place of RUNFILE",
      read: text,
      initial: null,
    }),
  },
});

const syntax: Syntax = {
  synopsis: ["[--to FORM] RUNFILE...", "[--to FORM] --line 'tcpserver ...'"],
  description: [
    "Reads run scripts of tcpserver, rblsmtpd, recordio, fixcrio, softlimit, " +
    "envdir, setuidgid, qmail-smtpd and the like (- is stdin), and prints the " +
    "line, or the configuration file, by which postern does the same. Nothing " +
    "of them is ever run.",
    "Remarks tell what differs, with the line of the script. Those that start " +
    "with `attention:` are of what is not done any more, or not by postern: " +
    "then the exit code is 1, else 0. It is 100 where no line could be made.",
  ],
  groups,
  habits: { permutes: true },
};

export const describe = () => syntax;

/** A script, and what it is called. */
interface Source {
  readonly name: string;
  readonly text: string;
}

/** Run scripts are short; what is longer is something else. */
const longestBytes = 1 << 20;

export async function run(args: string[], calledAs: string): Promise<number> {
  const request = orFatal(calledAs, () => {
    const found = readArguments(syntax, args, calledAs);
    if (found === null) return null;
    const { to, line } = valuesOf(options, found.given);
    if (line !== null && found.operands.length > 0) {
      throw wrongUsage(calledAs, "--line stands in the place of RUNFILE");
    }
    if (line === null && found.operands.length === 0) {
      throw wrongUsage(calledAs, "RUNFILE is missing");
    }
    return { to, line, paths: found.operands };
  });
  if (request === null) return 0;
  const { to, line, paths } = request;
  const sources = line !== null
    ? [{ name: "--line", text: line }]
    : paths.map(read);
  const { migrated } = await import("./migrate/migrated.ts");
  const { lines, loses } = await migrated(sources, to);
  print(...lines);
  return loses ? 1 : 0;
}

function read(path: string): Source {
  const name = path === "-" ? "standard input" : path;
  try {
    if (path !== "-" && isEndless(path)) {
      throw new Error("it is no regular file; - reads standard input");
    }
    using file = path === "-" ? null : Deno.openSync(path);
    const bytes = firstBytes(file ?? Deno.stdin);
    if (bytes.length > longestBytes || bytes.includes(0)) {
      throw new Fatal(100, `${name}: this is no run script`);
    }
    return { name, text: new TextDecoder().decode(bytes) };
  } catch (error) {
    if (error instanceof Fatal) throw error;
    throw new Fatal(100, `unable to read ${name}: ${reason(error)}`);
  }
}

/** A FIFO waits for who writes to it; `<(...)` of a shell has somebody. */
function isEndless(path: string): boolean {
  const { isFile, isDirectory, isFifo } = Deno.statSync(path);
  if (isFifo) return !/^\/(?:dev|proc\/self)\/fd\//.test(path);
  return !isFile && !isDirectory;
}

/** One byte more than a script may have, at most. */
function firstBytes(file: { readSync(into: Uint8Array): number | null }) {
  const bytes = new Uint8Array(longestBytes + 1);
  let length = 0;
  for (;;) {
    const read = file.readSync(bytes.subarray(length));
    if (read === null || read === 0) return bytes.subarray(0, length);
    length += read;
  }
}
