/**
 * postern init-script: a script that starts and stops a serve command line.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import {
  readArguments,
  spellingsIn,
  type Syntax,
  wrongUsage,
} from "../lib/cli/command_line.ts";
import { sections, value, ValueError } from "../lib/cli/option.ts";
import { print } from "../lib/cli/output.ts";
import { path } from "../lib/cli/readers.ts";
import { type Given, UsageError } from "../lib/cli/scan.ts";
import { valuesOf } from "../lib/cli/values.ts";
import type { Supervisor } from "../lib/service/service.ts";
import { supervisors } from "../lib/service/supervisors.ts";
import { daemon, facilityOf } from "./facility.ts";
import { configOf, requestsOf } from "./serve/requests.ts";
import {
  commandFrom,
  missingIn,
  syntax as serveSyntax,
} from "./serve_options.ts";

/** After serve's own grace a little more. */
const stopMarginSeconds = 5;

const supervisorNames = supervisors.map(({ name }) => name);

function supervisor(text: string): Supervisor {
  const found = supervisors.find(({ name }) => name === text);
  if (found) return found;
  throw new UsageError(
    `--for knows ${supervisorNames.join(", ")}, not ${JSON.stringify(text)}`,
  );
}

function serviceName(text: string): string {
  if (/^[A-Za-z0-9][\w.-]*$/.test(text)) return text;
  throw new ValueError('letters, digits, ".", "_" and "-"');
}

function line(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  throw new ValueError("one line");
}

const { groups, options } = sections({
  title: "Options",
  options: {
    supervisor: value({
      long: "for",
      value: "supervisor",
      words: supervisorNames,
      help: "whose script it is to be",
      usual: supervisors[0].name,
      read: supervisor,
      initial: supervisors[0],
    }),
    name: value({
      long: "name",
      value: "name",
      help: "of the service",
      read: serviceName,
      initial: "smtpd",
    }),
    description: value({
      long: "description",
      value: "text",
      help: "a line about it",
      read: line,
      initial: "postern, the gate in front of the mail server",
    }),
    executable: value({
      long: "exec",
      value: "path",
      help: "postern's path",
      usual: "this executable's",
      read: path,
      initial: null,
    }),
    runFolder: value({
      long: "run-dir",
      value: "dir",
      help: "where pid files go",
      read: path,
      initial: "/run",
    }),
    logTag: value({
      long: "log-tag",
      value: "tag",
      help: "for syslog",
      usual: "the name",
      read: line,
      initial: null,
    }),
    logFacility: value({
      long: "log-facility",
      value: "facility",
      help: "for syslog, by name or number",
      usual: "daemon",
      read: facilityOf,
      initial: daemon,
    }),
  },
});

const syntax: Syntax = {
  synopsis: [
    "[options] [SERVE-OPTIONS] HOST PORT PROGRAM [ARG...]",
    "[options] --config FILE",
  ],
  description: [
    "Prints an init script that runs `postern serve` with all that is not one " +
    "of these options, and its log through `postern splogger`.",
  ],
  groups,
  passesOn: serveSyntax.groups,
};

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  try {
    return await printScript(args, calledAs);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw wrongUsage(calledAs, error.getopt ?? error.message);
  }
}

async function printScript(args: string[], calledAs: string): Promise<number> {
  const found = readArguments(syntax, args, calledAs);
  if (found === null) return 0;
  const serves = spellingsIn(serveSyntax);
  const isServes = ({ long }: Given) =>
    serves.some((each) => each.long === long);
  const own = found.given.filter((each) => !isServes(each));
  const given = found.given.filter(isServes);
  const { supervisor, ...values } = valuesOf(options, own);
  const isOwn = (at: number) =>
    own.some(({ words: [from, to] = [0, 0] }) => from <= at && at < to);
  // A wrong command line is told now, not at the next boot.
  const serve = commandFrom(given, found.operands, calledAs);
  const { config } = serve;
  const missing = config === null ? missingIn(serve.operands) : null;
  if (missing !== null) {
    const usages = syntax.synopsis.map((line) => `usage: ${calledAs} ${line}`);
    const lines = [...usages, `${missing}; see ${calledAs} --help`];
    throw new Fatal(100, lines.join("\n"));
  }
  if (serve.check) throw new UsageError("--check is nothing to start at boot");
  if (config !== null && !config.startsWith("/")) {
    throw new UsageError(
      `--config wants a path from / on, since the script starts there, not ` +
        JSON.stringify(config),
    );
  }
  const [{ options: served }] = await requestsOf(serve, await configOf(serve));
  if (config === null && served.pidfile !== null) {
    throw new UsageError(
      "--pidfile is the script's own; choose its folder by --run-dir",
    );
  }
  if (config !== null && served.pidfile === null) {
    throw new Fatal(
      100,
      `${config}: no pidfile, by which the script knows that the gate is ` +
        `there: write pidfile = "${values.runFolder}/${values.name}.pid" on top`,
    );
  }
  print(
    supervisor.script({
      ...values,
      executable: values.executable ?? Deno.execPath(),
      logTag: values.logTag ?? values.name,
      pidfile: served.pidfile,
      serveArgs: args.filter((_, at) => !isOwn(at)),
      stopSeconds: served.graceSeconds + stopMarginSeconds,
    }).trimEnd(),
  );
  return 0;
}
