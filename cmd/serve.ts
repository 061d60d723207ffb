/**
 * postern serve, and tcpserver: from a command line to a gate.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import type { Block } from "../lib/process/block.ts";
import { inBlock } from "../lib/process/fatal.ts";
import type { ServeOptions } from "../lib/process/options.ts";
import { serve } from "../lib/process/serve.ts";
import { WorkerRole } from "../lib/process/worker_role.ts";
import { configOf, requestsOf } from "./serve/requests.ts";
import { serviceOf } from "./serve/service.ts";
import {
  isClassic,
  parseCommand,
  type ParsedCommand,
  syntax,
} from "./serve_options.ts";

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  const command = parseCommand(args, calledAs);
  if (command === null) return 0;
  if (command.check) return await check(command);
  try {
    const config = await configOf(command);
    const blocks = await blocksOf(command, config);
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
    if (command.isSilent && error instanceof Fatal) {
      return error.exitCode; // -q hides even why
    }
    throw error;
  }
}

/** Tells what is wrong, as far as that can be known. */
async function check(command: ParsedCommand): Promise<number> {
  const { checkBlocks } = await import("../lib/process/check.ts");
  try {
    const blocks = await blocksOf(command, await configOf(command));
    const problems = await checkBlocks(blocks, blocks[0].options);
    if (problems.length > 0) throw new Fatal(100, problems.join("\n"));
    return 0;
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    const { message, speaker } = error;
    throw new Fatal(100, message, { speaker });
  }
}

/** The blocks of a command line, or of the file that it names. Throws Fatal. */
async function blocksOf(
  command: ParsedCommand,
  config: string | null,
): Promise<(Block & { options: ServeOptions })[]> {
  const all: (Block & { options: ServeOptions })[] = [];
  for (const { options, where } of await requestsOf(command, config)) {
    const service = await inBlock(
      where,
      () =>
        serviceOf(options, {
          isClassic: isClassic(command.calledAs),
          isCheck: command.check,
        }),
    );
    all.push({ options, service });
  }
  // Each worker listens for all blocks, and needs a slot for each.
  const workers = Math.min(...all.map(({ options }) => options.workers));
  return all.map(({ options, service }) => ({
    service,
    options: { ...options, workers },
  }));
}
