/**
 * The command line of postern serve, and of tcpserver.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { checkSubnets } from "../lib/base/ip.ts";
import { fromBytes } from "../lib/base/bytes.ts";
import { Fatal } from "../lib/base/fatal.ts";
import type { Rate } from "../lib/gate/client_limits.ts";
import type { LogFormat } from "../lib/log/log.ts";
import type { ServeOptions } from "../lib/process/options.ts";
import { groupId, userId } from "../lib/sys/ids.ts";
import { reason } from "../lib/base/reason.ts";

export const classicUsage =
  "tcpserver: usage: tcpserver [ -1UXpPhHrRoOdDqQv ] [ -c limit ] " +
  "[ -x rules.cdb ] [ -B banner ] [ -g gid ] [ -u uid ] [ -b backlog ] " +
  "[ -l localname ] [ -t timeout ] host port program";

export const usageError = (line: string) => new Fatal(100, line);

/** A byte string of an argument, which Deno has decoded as UTF-8. */
export const bytesOf = (text: string) =>
  fromBytes(new TextEncoder().encode(text));

/** What setTimeout can count: beyond 2^31 milliseconds it does not wait. */
const longestGraceSeconds = 2_000_000;

/** djb's numbers: the leading decimal digits. */
const number = (text: string) => Number(/^\d*/.exec(text)![0] || 0);

/** An id is a number as in tcpserver, or (ours) a name. */
function id(what: "uid" | "gid", text: string): number {
  if (/^\d/.test(text)) {
    const value = number(text);
    if (value < 2 ** 32 - 1) return value; // the last one is "no id" to Linux
    throw new Fatal(
      111,
      `tcpserver: fatal: unable to set ${what}: invalid argument`,
    );
  }
  const kind = what === "uid" ? "user" : "group";
  let found;
  try {
    found = what === "uid" ? userId(text) : groupId(text);
  } catch (error) {
    throw new Fatal(
      111,
      `tcpserver: fatal: unable to look up ${kind} ${text}: ${reason(error)}`,
    );
  }
  if (found !== null) return found;
  throw new Fatal(
    111,
    `tcpserver: fatal: unable to set ${what}: unknown ${kind} ${text}`,
  );
}

const wrongValue = (option: string, wanted: string, text: string) =>
  usageError(
    `tcpserver: ${option} wants ${wanted}, not ${JSON.stringify(text)}`,
  );

function perClient(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw wrongValue("--per-ip", "a number above 0", text);
}

function rate(text: string): Rate {
  const match = /^([1-9]\d{0,8})\/([1-9]\d{0,8})$/.exec(text);
  if (!match) throw wrongValue("--rate", "N/SECONDS, such as 30/60", text);
  return { connections: Number(match[1]), seconds: Number(match[2]) };
}

function proxies(text: string): string[] {
  const subnets = text.split(",");
  try {
    checkSubnets(subnets);
  } catch {
    throw wrongValue(
      "--proxy-protocol",
      "whole addresses or ranges, no zeros in front: 192.0.2.1,10.0.0.0/8",
      text,
    );
  }
  return subnets;
}

function workers(text: string): number {
  if (text === "auto") return navigator.hardwareConcurrency;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw wrongValue("--workers", "a number above 0, or auto", text);
}

function descriptor(text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 2) return Number(text);
  throw wrongValue("--ready-fd", "a descriptor above 2", text);
}

function logFormat(text: string): LogFormat {
  if (text === "text" || text === "json") return text;
  throw wrongValue("--log-format", "text or json", text);
}

function commandLine(name: string): Command {
  const command = new Command(name);
  command
    .usage("[options] HOST PORT PROGRAM [ARG...]")
    .description(
      "Accepts TCP connections and hands each to PROGRAM. HOST 0 is every local\n" +
        "address; PORT is a number or a service name. A PROGRAM that is postern\n" +
        "itself (`smtpd`, or a link named qmail-smtpd) runs inside this process.",
    )
    .passThroughOptions()
    .helpOption("--help", "print this help")
    // Defaults stand in the texts, where they can be read.
    .configureHelp({ optionDescription: ({ description }) => description })
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .argument("[command...]");
  describeClients(command);
  describeConnections(command);
  describeProcess(command);
  return command;
}

/** Who may connect, and what is found out about them. */
function describeClients(command: Command): void {
  command.optionsGroup("Who may connect:")
    .option(
      "-x, --rules <cdb>",
      "access rules, made by `postern rules compile`",
    )
    .option(
      "-X, --allow-missing-rules",
      "a rules file that is not there allows",
    )
    .option("-c, --limit <n>", "connections at once (default 40)", number, 40)
    .option(
      "-b, --backlog <n>",
      "connections that wait in the kernel (default 20, smtpd 128)",
      number,
    )
    .option("--per-ip <n>", "connections at once of one client", perClient)
    .option("--rate <n/seconds>", "connections of one client in a time", rate)
    .option("--busy-reply", "tell a client that is over its limit", false)
    .option(
      "--proxy-protocol <list>",
      "believe the PROXY header of these addresses and ranges",
      proxies,
    );
  command.optionsGroup("What is found out:")
    .option(
      "-h, --remote-name",
      "look up the client's host name (default)",
      true,
    )
    .option("-H, --no-remote-name", "do not")
    .option("-p, --paranoid", "drop a name that does not lead back", false)
    .option("-P, --no-paranoid", "do not (default)")
    .option(
      "-r, --remote-info",
      "ask the client's ident server (default)",
      true,
    )
    .option("-R, --no-remote-info", "do not")
    .option(
      "-t, --timeout <seconds>",
      "for DNS and ident (default 26)",
      number,
      26,
    )
    .option(
      "-l, --local-name <name>",
      "our own host name, instead of asking DNS",
    );
}

/** Where connections come in, and how each is handled. */
function describeConnections(command: Command): void {
  command.optionsGroup("Where:")
    .option("-4, --ipv4", "HOST is an IPv4 address")
    .option("-6, --ipv6", "HOST is an IPv6 address where it has one; 0 is ::")
    .option("-I, --interface <name>", "where a link-local HOST is")
    .option(
      "--config <file>",
      "take HOST PORT PROGRAM and all options from a file",
    );
  command.optionsGroup("Each connection:")
    .option("-B, --banner <text>", "send this first", "")
    .option(
      "--tls-cert <file>",
      "TLS from the start, for the built-in smtpd (PEM)",
    )
    .option("--tls-key <file>", "its private key (default in the same file)")
    .option("--isolate", "execute postern's own smtpd like any program", false)
    .option("-d, --delay", "let TCP join small writes (default)", true)
    .option("-D, --no-delay", "set TCP_NODELAY")
    .option("-o, --keep-ip-options", "leave IP options alone", false)
    .option("-O, --no-keep-ip-options", "clear them (default)");
}

/** The process: its ids, its life, its log. */
function describeProcess(command: Command): void {
  command.optionsGroup("The process:")
    .option("-u, --uid <id>", "user id (or name) to run as")
    .option("-g, --gid <id>", "group id (or name) to run as")
    .option("-U, --ids-from-env", "take both ids from $UID and $GID")
    .option(
      "--workers <n>",
      "processes that accept, or auto: one for each core (default 1)",
      workers,
      1,
    )
    .option("-1, --print-port", "print the port on stdout")
    .option("--pidfile <file>", "write the process id there once listening")
    .option("--ready-fd <fd>", "write a newline there once ready", descriptor)
    .option(
      "--grace <seconds>",
      "for sessions to end after SIGTERM (default 10)",
      number,
      10,
    )
    .option("--check", "look whether all is well, and do nothing", false);
  command.optionsGroup("The log:")
    .option("-q, --quiet", "say nothing")
    .option("-Q, --errors", "say errors (default)")
    .option("-v, --verbose", "say everything")
    .option(
      "--log-format <format>",
      "text or json (default text)",
      logFormat,
      "text",
    );
}

/** An id or name as given; null takes it from the environment (`-U`). */
type IdSource = string | null;

/** A long option, named without its dashes. */
const optionOf = (name: string) =>
  commandLine("").options.find(({ long }) => long === `--${name}`);

export const isOption = (name: string) => optionOf(name) !== undefined;

export const takesValue = (name: string) => optionOf(name)?.required ?? false;

/** A command line that has been read, but not yet been understood. */
export interface ParsedCommand {
  readonly operands: string[];
  // deno-lint-ignore no-explicit-any -- commander's own type
  readonly flags: any;
  readonly verbosity: ServeOptions["verbosity"];
  readonly uid: IdSource;
  readonly gid: IdSource;
  readonly family: ServeOptions["family"];
}

/** @returns null if `--help` was printed; throws Fatal that tells what is wrong */
export function parseCommand(
  args: string[],
  calledAs: string,
): ParsedCommand | null {
  const command = commandLine(calledAs);
  let verbosity: ServeOptions["verbosity"] = "errors"; // the last one counts
  command.on("option:quiet", () => verbosity = "silent");
  command.on("option:errors", () => verbosity = "errors");
  command.on("option:verbose", () => verbosity = "all");
  let uid: IdSource = "0", gid: IdSource = "0"; // of each the last one counts
  command.on("option:ids-from-env", () => uid = gid = null);
  command.on("option:uid", (text: string) => uid = text);
  command.on("option:gid", (text: string) => gid = text);
  let family: ServeOptions["family"] = "any"; // the last one counts
  command.on("option:ipv4", () => family = "ipv4");
  command.on("option:ipv6", () => family = "ipv6");
  let lost = ""; // an option that would not count beside a file
  for (const option of command.options) {
    if (["config", "check"].includes(option.name())) continue;
    command.on(`option:${option.name()}`, () => lost = option.long!);
  }
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return null;
    throw usageError(`${complaint(error)}\n${classicUsage}`);
  }
  if (command.opts().config !== undefined && lost) {
    throw usageError(
      `tcpserver: ${lost} does not count with --config: put it into the file`,
    );
  }
  return {
    operands: command.args,
    flags: command.opts(),
    verbosity,
    uid,
    gid,
    family,
  };
}

export function optionsOf(command: ParsedCommand): ServeOptions {
  const { flags: options, verbosity, uid, gid, family } = command;
  const [host, port, ...program] = command.operands;
  if (program.length === 0) throw usageError(classicUsage);
  const envId = (name: string) => number(Deno.env.get(name) ?? "");
  return {
    host,
    family,
    interface: options.interface ?? null,
    port,
    program,
    verbosity,
    uid: uid === null ? envId("UID") : id("uid", uid),
    gid: gid === null ? envId("GID") : id("gid", gid),
    limit: options.limit,
    backlog: options.backlog ?? null,
    rules: options.rules ?? null,
    allowMissingRules: options.allowMissingRules ?? false,
    banner: bytesOf(options.banner),
    localHost: options.localName === undefined
      ? null
      : bytesOf(options.localName),
    remoteHost: options.remoteName,
    paranoid: options.paranoid,
    remoteInfo: options.remoteInfo,
    infoTimeoutSeconds: options.timeout,
    keepIpOptions: options.keepIpOptions,
    noDelay: !options.delay,
    printPort: options.printPort ?? false,
    isolate: options.isolate,
    perClient: options.perIp ?? null,
    rate: options.rate ?? null,
    busyReply: options.busyReply,
    proxies: options.proxyProtocol ?? [],
    tls: options.tlsCert === undefined
      ? null
      : { cert: options.tlsCert, key: options.tlsKey ?? options.tlsCert },
    logFormat: options.logFormat,
    pidfile: options.pidfile ?? null,
    graceSeconds: Math.min(options.grace, longestGraceSeconds),
    readyFd: options.readyFd ?? null,
    // None of them could take a connection with fewer slots than workers.
    workers: Math.max(1, Math.min(options.workers, options.limit)),
  };
}

/** getopt's words for what commander found. */
function complaint(error: CommanderError): string {
  const option = /'-([^-])[^']*'/.exec(error.message)?.[1];
  if (option && error.code === "commander.unknownOption") {
    return `tcpserver: illegal option -- ${option}`;
  }
  if (option && error.code === "commander.optionMissingArgument") {
    return `tcpserver: option requires an argument -- ${option}`;
  }
  return error.message.replace(/^error:/, "tcpserver:");
}

/** Options and operands, or null if `--help` was printed; throws Fatal. */
export function parse(args: string[], calledAs: string): ServeOptions | null {
  const command = parseCommand(args, calledAs);
  return command && optionsOf(command);
}
