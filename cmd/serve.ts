/**
 * postern serve, and tcpserver: the command line of the gate.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { fromBytes } from "../lib/bytes.ts";
import { Fatal } from "../lib/fatal.ts";
import type { Rate } from "../lib/gate/client_limits.ts";
import type { LogFormat } from "../lib/gate/log.ts";
import type { ServeOptions } from "../lib/gate/options.ts";
import {
  builtInSmtpd,
  findProgram,
  isExecutable,
} from "../lib/gate/program.ts";
import { type Block, serve, type Service } from "../lib/gate/serve.ts";
import { WorkerRole } from "../lib/gate/worker_role.ts";
import { checkSubnets } from "../lib/address.ts";
import { groupId, userId } from "../lib/posix/ids.ts";

const classicUsage =
  "tcpserver: usage: tcpserver [ -1UXpPhHrRoOdDqQv ] [ -c limit ] " +
  "[ -x rules.cdb ] [ -B banner ] [ -g gid ] [ -u uid ] [ -b backlog ] " +
  "[ -l localname ] [ -t timeout ] host port program";

const usageError = (line: string) => new Fatal(100, line);

/** A byte string of an argument, which Deno has decoded as UTF-8. */
const bytesOf = (text: string) => fromBytes(new TextEncoder().encode(text));

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
  const found = what === "uid" ? userId(text) : groupId(text);
  if (found !== null) return found;
  const kind = what === "uid" ? "user" : "group";
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
    throw wrongValue("--proxy-protocol", "addresses or ranges: a,b/24", text);
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
  const command = new Command(name)
    .usage("[options] HOST PORT PROGRAM [ARG...]")
    .description(
      "Accepts TCP connections and hands each to PROGRAM. HOST 0 is every local\n" +
        "address; PORT is a number or a service name. A PROGRAM that is postern\n" +
        "itself (`smtpd`, or a link named qmail-smtpd) runs inside this process.",
    )
    .passThroughOptions()
    .helpOption("--help", "print this help")
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .argument("[command...]");
  return command
    .option(
      "-x, --rules <cdb>",
      "access rules, made by `postern rules compile`",
    )
    .option(
      "-X, --allow-missing-rules",
      "a rules file that is not there allows",
    )
    .option("-u, --uid <id>", "user id (or name) to run as")
    .option("-g, --gid <id>", "group id (or name) to run as")
    .option("-U, --ids-from-env", "take both ids from $UID and $GID")
    .option("-c, --limit <n>", "connections at once", number, 40)
    .option(
      "-b, --backlog <n>",
      "connections that wait in the kernel",
      number,
      20,
    )
    .option("-B, --banner <text>", "send this first", "")
    .option(
      "-l, --local-name <name>",
      "our own host name, instead of asking DNS",
    )
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
    .option("-t, --timeout <seconds>", "for DNS and ident", number, 26)
    .option("-o, --keep-ip-options", "leave IP options alone", false)
    .option("-O, --no-keep-ip-options", "clear them (default)")
    .option("-d, --delay", "let TCP join small writes (default)", true)
    .option("-D, --no-delay", "set TCP_NODELAY")
    .option("-1, --print-port", "print the port on stdout")
    .option("-q, --quiet", "say nothing")
    .option("-Q, --errors", "say errors (default)")
    .option("-v, --verbose", "say everything")
    .option("-4, --ipv4", "HOST is an IPv4 address")
    .option("-6, --ipv6", "HOST is an IPv6 address where it has one; 0 is ::")
    .option("-I, --interface <name>", "where a link-local HOST is")
    .option("--isolate", "execute postern's own smtpd like any program", false)
    .option("--per-ip <n>", "connections at once of one client", perClient)
    .option("--rate <n/seconds>", "connections of one client in a time", rate)
    .option("--busy-reply", "tell a client that is over its limit", false)
    .option(
      "--proxy-protocol <list>",
      "believe the PROXY header of these addresses and ranges",
      proxies,
    )
    .option(
      "--tls-cert <file>",
      "TLS from the start, for the built-in smtpd (PEM)",
    )
    .option("--tls-key <file>", "its private key (default in the same file)")
    .option("--log-format <format>", "text or json", logFormat, "text")
    .option("--pidfile <file>", "write the process id there once listening")
    .option(
      "--workers <n>",
      "processes that accept, or auto: one for each core",
      workers,
      1,
    )
    .option("--ready-fd <fd>", "write a newline there once ready", descriptor)
    .option("--config <file>", "take HOST PORT PROGRAM and options from a file")
    .option("--check", "look whether all is well, and do nothing", false)
    .option(
      "--grace <seconds>",
      "for sessions to end after SIGTERM",
      number,
      10,
    );
}

/** An id as it was given; null for the environment's (`-U`). */
type IdSource = string | null;

/** A command line that has been read, but not yet been understood. */
interface ParsedCommand {
  readonly operands: string[];
  // deno-lint-ignore no-explicit-any -- commander's own type
  readonly flags: any;
  readonly verbosity: ServeOptions["verbosity"];
  readonly uid: IdSource;
  readonly gid: IdSource;
  readonly family: ServeOptions["family"];
}

/** @returns null if `--help` was printed; throws Fatal that tells what is wrong */
function parseCommand(args: string[], calledAs: string): ParsedCommand | null {
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
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return null;
    throw usageError(`${complaint(error)}\n${classicUsage}`);
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

function optionsOf(command: ParsedCommand): ServeOptions {
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
    backlog: options.backlog,
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
    graceSeconds: options.grace,
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

async function serviceOf(
  options: ServeOptions,
  calledAs: string,
): Promise<Service> {
  const { program } = options;
  const classic = calledAs === "tcpserver";
  const smtpd = builtInSmtpd(program, !classic);
  if (options.tls && (!smtpd || options.isolate)) {
    throw usageError(
      "tcpserver: --tls-cert is for the built-in smtpd: a program gets the socket itself",
    );
  }
  if (smtpd) {
    // Wrong options are told now, not at the first connection.
    const { parseOptions } = await import("./smtpd_options.ts");
    const smtpdOptions = await parseOptions(smtpd.args, smtpd.calledAs);
    if (smtpdOptions === null) throw usageError(classicUsage);
    const executed = program[0] === "smtpd"
      ? [Deno.execPath(), ...program]
      : program;
    const isolatedArgs = executed.map(bytesOf);
    return options.isolate
      ? { type: "program", args: isolatedArgs }
      : { type: "smtp", options: smtpdOptions, isolatedArgs };
  }
  if (!classic) {
    // tcpserver itself would complain only at each connection.
    const path = findProgram(program[0], Deno.env.get("PATH"));
    if (path === null || !isExecutable(path)) {
      throw new Fatal(
        111,
        `tcpserver: fatal: unable to run ${program[0]}: no such program`,
      );
    }
  }
  return { type: "program", args: program.map(bytesOf) };
}

/** Options and operands, or null if `--help` was printed; throws Fatal. */
export function parse(args: string[], calledAs: string): ServeOptions | null {
  const command = parseCommand(args, calledAs);
  return command && optionsOf(command);
}

/** The blocks of a command line, or of the file that it names. */
async function blocksOf(
  command: ParsedCommand,
  calledAs: string,
): Promise<(Block & { options: ServeOptions })[]> {
  const all: ServeOptions[] = [];
  if (command.flags.config === undefined) all.push(optionsOf(command));
  else {
    if (command.operands.length > 0) {
      throw usageError(
        "tcpserver: HOST PORT PROGRAM are in the file with --config",
      );
    }
    const { commandLines } = await import("./serve_config.ts");
    for (const { args, where } of commandLines(command.flags.config)) {
      try {
        all.push(parse(args, calledAs)!);
      } catch (error) {
        if (!(error instanceof Fatal)) throw error;
        const [first] = error.message.split("\n");
        const what = first.replace(/^tcpserver: (fatal: )?/, "");
        throw new Fatal(error.exitCode, `tcpserver: ${where}: ${what}`);
      }
    }
  }
  return await Promise.all(
    all.map(async (options) => ({
      options,
      service: await serviceOf(options, calledAs),
    })),
  );
}

/** Tells what is wrong, as far as that can be known; resolves to the exit code. */
async function check(
  command: ParsedCommand,
  calledAs: string,
): Promise<number> {
  const { checkBlocks } = await import("../lib/gate/check.ts");
  let problems: string[];
  try {
    const blocks = await blocksOf(command, calledAs);
    problems = await checkBlocks(blocks, blocks[0].options.workers > 1);
  } catch (error) {
    if (error instanceof Fatal) throw usageError(error.message);
    throw error;
  }
  for (const problem of problems) console.error(`tcpserver: ${problem}`);
  return problems.length > 0 ? 100 : 0;
}

export async function run(args: string[], calledAs: string): Promise<number> {
  const command = parseCommand(args, calledAs);
  if (command === null) return 0;
  if (command.flags.check) return await check(command, calledAs);
  try {
    const blocks = await blocksOf(command, calledAs);
    const { options } = blocks[0]; // those of the process are the same in all
    const role = WorkerRole.fromEnvironment();
    if (options.workers > 1 && !role) {
      const { superviseWorkers } = await import("../lib/gate/workers.ts");
      return await superviseWorkers(options, blocks);
    }
    return await serve(options, blocks, role);
  } catch (error) {
    if (command.verbosity === "silent" && error instanceof Fatal) {
      return error.exitCode; // -q hides even why
    }
    throw error;
  }
}
