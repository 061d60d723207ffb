/**
 * postern serve, and tcpserver: from a command line to a gate.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import type { ServeOptions } from "../lib/process/options.ts";
import {
  builtInSmtpd,
  findProgram,
  isExecutable,
  searchPath,
} from "../lib/ucspi/program.ts";
import type { Block, Service } from "../lib/process/block.ts";
import { serve } from "../lib/process/serve.ts";
import { WorkerRole } from "../lib/process/worker_role.ts";
import {
  bytesOf,
  classicUsage,
  optionsOf,
  parse,
  parseCommand,
  type ParsedCommand,
  usageError,
} from "./serve_options.ts";

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
    if (options.isolate) {
      const executed = program[0] === "smtpd"
        ? [Deno.execPath(), ...program]
        : program;
      return { type: "program", args: executed.map(bytesOf) };
    }
    const { SmtpProtocol } = await import("../lib/smtpd/protocol.ts");
    return {
      type: "protocol",
      make: (log) => new SmtpProtocol(smtpdOptions, log),
    };
  }
  if (!classic) {
    // tcpserver itself would complain only at each connection.
    const path = findProgram(program[0], searchPath());
    if (path === null || !isExecutable(path)) {
      throw new Fatal(
        111,
        `tcpserver: fatal: unable to run ${program[0]}: no such program`,
      );
    }
  }
  return { type: "program", args: program.map(bytesOf) };
}

/** The text of the file that a command line names; null if it names none. */
async function configOf(command: ParsedCommand): Promise<string | null> {
  const path = command.flags.config;
  if (path === undefined) return null;
  const { readConfig } = await import("./serve_config.ts");
  return readConfig(path);
}

/** The blocks of a command line, or of the file that it names. */
async function blocksOf(
  command: ParsedCommand,
  config: string | null,
  calledAs: string,
): Promise<(Block & { options: ServeOptions })[]> {
  const all: (Block & { options: ServeOptions })[] = [];
  const add = async (options: ServeOptions) => {
    all.push({ options, service: await serviceOf(options, calledAs) });
  };
  if (config === null) await add(optionsOf(command));
  else {
    if (command.operands.length > 0) {
      throw usageError(
        "tcpserver: HOST PORT PROGRAM are in the file with --config",
      );
    }
    const { commandLines } = await import("./serve_config.ts");
    const lines = commandLines(command.flags.config, config);
    for (const { args, where } of lines) {
      try {
        await add(parse(args, calledAs)!);
      } catch (error) {
        if (!(error instanceof Fatal)) throw error;
        const [first] = error.message.split("\n");
        const what = first.replace(/^tcpserver: (fatal: )?/, "");
        throw new Fatal(error.exitCode, `tcpserver: ${where}: ${what}`);
      }
    }
  }
  // Each worker listens for all blocks, and needs a slot for each.
  const workers = Math.min(...all.map(({ options }) => options.workers));
  return all.map((block) => ({
    ...block,
    options: { ...block.options, workers },
  }));
}

/** Tells what is wrong, as far as that can be known; resolves to the exit code. */
async function check(
  command: ParsedCommand,
  calledAs: string,
): Promise<number> {
  const { checkBlocks } = await import("../lib/process/check.ts");
  let problems: string[];
  try {
    const blocks = await blocksOf(command, await configOf(command), calledAs);
    problems = await checkBlocks(blocks, blocks[0].options);
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
    const config = await configOf(command);
    const blocks = await blocksOf(command, config, calledAs);
    const { options } = blocks[0]; // those of the process are the same in all
    if (options.workers > 1 && !WorkerRole.isGiven()) {
      const { superviseWorkers } = await import("../lib/process/workers.ts");
      return await superviseWorkers(options, blocks, config);
    }
    if (blocks.some(({ service }) => service.type === "program")) {
      const { quietChildren } = await import("../lib/sys/quiet_children.ts");
      quietChildren(config);
    }
    return await serve(options, blocks, WorkerRole.fromEnvironment());
  } catch (error) {
    if (command.verbosity === "silent" && error instanceof Fatal) {
      return error.exitCode; // -q hides even why
    }
    throw error;
  }
}
