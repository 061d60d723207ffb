/**
 * The command line of postern serve, and of tcpserver.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import {
  readArguments,
  type Syntax,
  wrongUsage,
} from "../lib/cli/command_line.ts";
import { sections } from "../lib/cli/option.ts";
import { type Given, UsageError } from "../lib/cli/scan.ts";
import { valuesOf } from "../lib/cli/values.ts";
import type { Verbosity } from "../lib/log/log.ts";
import type { MailLogPlace } from "../lib/log/mail_log.ts";
import { isLocal, placeText } from "../lib/metrics/place.ts";
import type { ServeOptions } from "../lib/process/options.ts";
import { whatIsFoundOut, whoMayConnect } from "./serve/clients.ts";
import { eachConnection, where } from "./serve/connections.ts";
import { lookingAt, theLog, theProcess } from "./serve/process.ts";

const { groups, options } = sections(
  whoMayConnect,
  whatIsFoundOut,
  where,
  eachConnection,
  theProcess,
  theLog,
  lookingAt,
);

/** All options, by the fields that they fill. */
export const table = options;

export const syntax: Syntax = {
  synopsis: [
    "[options] HOST PORT PROGRAM [ARG...]",
    "[--check] --config FILE",
  ],
  description: [
    "Accepts TCP connections and hands each to PROGRAM. HOST 0 is every local " +
    "address; PORT is a number or a service name. A PROGRAM that is postern " +
    "itself (`smtpd`, or a link named qmail-smtpd) runs inside this process.",
  ],
  groups,
};

const classicUsage = "usage: tcpserver [ -1UXpPhHrRoOdDqQv ] [ -c limit ] " +
  "[ -x rules.cdb ] [ -B banner ] [ -g gid ] [ -u uid ] [ -b backlog ] " +
  "[ -l localname ] [ -t timeout ] host port program";

/**
 * A command line that is wrong, in tcpserver's words.
 *
 * @param what getopt says before them
 * @param missing that who is not called tcpserver is told of
 */
function classicComplaint(
  calledAs: string,
  { what, missing }: { what?: string; missing?: string },
): Fatal {
  const lines = what === undefined ? [classicUsage] : [what, classicUsage];
  if (!isClassic(calledAs)) {
    const why = missing === undefined ? "" : `${missing}; `;
    lines.push(`${why}see ${calledAs} --help`);
  }
  return new Fatal(100, lines.join("\n"));
}

/** What of HOST PORT PROGRAM is not there; null if all is. */
export function missingIn(operands: readonly string[]): string | null {
  const names = ["HOST", "PORT", "PROGRAM"].slice(operands.length);
  if (names.length === 0) return null;
  const all = names.join(", ").replace(/, (\w+)$/, " and $1");
  return `${all} ${names.length > 1 ? "are" : "is"} missing`;
}

export const isClassic = (calledAs: string) => calledAs === "tcpserver";

/** Does something, or throws Fatal that tells what is wrong with the usage. */
function inServesWords<T>(calledAs: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { message, getopt } = error;
    throw isClassic(calledAs) || getopt !== null
      ? classicComplaint(calledAs, { what: getopt ?? message })
      : wrongUsage(calledAs, message);
  }
}

/** A command line of which it is known what is said, but not yet what it means. */
export interface ParsedCommand {
  readonly given: readonly Given[];
  readonly operands: readonly string[];
  readonly calledAs: string;
  /** `-q`: not even why it does not start. */
  readonly isSilent: boolean;
  readonly check: boolean;
  readonly config: string | null;
}

/** What has to be known before the others are understood. */
const atOnce = {
  verbosity: options.verbosity,
  check: options.check,
  config: options.config,
};

/** These go with --config; all others are in the file. */
const besideConfig = ["config", "check"];

/**
 * @returns null if `--help` was printed
 * @throws Fatal that tells what is wrong
 */
export function parseCommand(
  args: readonly string[],
  calledAs: string,
): ParsedCommand | null {
  return inServesWords(calledAs, () => {
    const found = readArguments(syntax, args, calledAs);
    return found && commandFrom(found.given, found.operands, calledAs);
  });
}

/** @throws UsageError */
export function commandFrom(
  given: readonly Given[],
  operands: readonly string[],
  calledAs: string,
): ParsedCommand {
  const { verbosity, check, config } = valuesOf(atOnce, given);
  const lost = given.find(({ long }) => !besideConfig.includes(long));
  if (config !== null && lost) {
    throw new UsageError(
      `--${lost.long} does not count with --config: put it into the file`,
    );
  }
  if (config !== null && operands.length > 0) {
    throw new UsageError("HOST PORT PROGRAM are in the file with --config");
  }
  const isSilent = verbosity === "silent";
  return { given, operands, calledAs, isSilent, check, config };
}

/** What a command line without --config means. Throws Fatal. */
export function optionsOf(command: ParsedCommand): ServeOptions {
  const { given, operands, calledAs } = command;
  const missing = missingIn(operands);
  if (missing !== null) throw classicComplaint(calledAs, { missing });
  const [host, port, ...program] = operands;
  return inServesWords(
    calledAs,
    () => optionsFrom({ given, host, port, program }, isClassic(calledAs)),
  );
}

interface Request {
  readonly given: readonly Given[];
  readonly host: string;
  readonly port: string;
  readonly program: readonly string[];
}

/** Whoever wants to know everything knows what became of the mail. */
const usualMailLog = (
  verbosity: Verbosity,
  classic: boolean,
): MailLogPlace => ({
  type: verbosity === "all" && !classic ? "stderr" : "off",
});

/** What was said of one HOST PORT PROGRAM, understood. Throws UsageError. */
export function optionsFrom(
  { given, ...request }: Request,
  classic = false,
): ServeOptions {
  const { tlsCert, tlsKey, ...values } = valuesOf(options, given, classic);
  if (tlsKey !== null && tlsCert === null) {
    throw new UsageError("--tls-key goes with --tls-cert");
  }
  const { metrics, metricsToken } = values;
  if (metricsToken !== null && metrics === null) {
    throw new UsageError("--metrics-token goes with --metrics");
  }
  if (metrics !== null && metricsToken === null && !isLocal(metrics)) {
    throw new UsageError(
      `--metrics ${placeText(metrics)} is open to other machines: ` +
        "it wants --metrics-token, or an address such as 127.0.0.1",
    );
  }
  return {
    ...values,
    ...request,
    classic,
    mailLog: values.mailLog ?? usualMailLog(values.verbosity, classic),
    tls: tlsCert === null ? null : { cert: tlsCert, key: tlsKey ?? tlsCert },
    // None of them could take a connection with fewer slots than workers.
    workers: Math.max(1, Math.min(values.workers, values.limit)),
  };
}
