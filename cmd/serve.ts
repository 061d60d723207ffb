/**
 * postern serve, and tcpserver: from a command line to a gate.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import type { MailLogPlace } from "../lib/log/mail_log.ts";
import type { Block } from "../lib/process/block.ts";
import { inBlock } from "../lib/process/fatal.ts";
import { closeUnmeant } from "../lib/process/meant_descriptors.ts";
import type { ServeOptions } from "../lib/process/options.ts";
import { takeOpened } from "../lib/process/opened.ts";
import { WorkerRole } from "../lib/process/worker_role.ts";
import { takeHandedFiles } from "../lib/sys/handed_files.ts";
import { takeHandedLog } from "../lib/sys/handed_log.ts";
import { outliveLimits } from "../lib/sys/signals.ts";
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
  outliveLimits();
  if (command.check) return await check(command);
  try {
    const config = await configOf(command);
    const blocks = await blocksOf(command, config);
    const { options } = blocks[0]; // those of the process are the same in all
    const classic = isClassic(calledAs);
    const opened = takeOpened();
    const part = WorkerRole.givenPart();
    if (opened === null) {
      // A worker was started with what is meant for it.
      if (part === null && !classic) closeUnmeant(options, config, false);
      const { beforeServing } = await import("../lib/process/before.ts");
      const next = await beforeServing(options, blocks, part, config);
      if (next.type === "ended") return next.exitCode;
    } else {
      const { startConfined } = await import("../lib/process/confine.ts");
      startConfined(opened);
    }
    if (blocks.some(({ service }) => service.type === "program")) {
      const { quietChildren } = await import("../lib/sys/quiet_children.ts");
      quietChildren(config);
    }
    const role = WorkerRole.fromEnvironment();
    takeHandedFiles();
    takeHandedLog();
    // To tcpserver's programs all was handed on.
    if (!classic) closeUnmeant(options, config, true);
    const { serve } = await import("../lib/process/serve.ts");
    return await serve(options, blocks, role, opened);
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
export async function blocksOf(
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
  const mailLog = mailLogOf(all);
  return all.map(({ options, service }) => ({
    service,
    options: { ...options, workers, mailLog: mailLog ?? options.mailLog },
  }));
}

/**
 * Where the smtpd of a block wants the mail log, as if it were executed; null
 * if none says. A process has one for all. Throws Fatal.
 */
function mailLogOf(blocks: readonly Block[]): MailLogPlace | null {
  const all = blocks.map(({ service }) =>
    service.type === "protocol" ? service.mailLog : null
  ).filter((place) => place !== null);
  if (new Set(all.map((place) => JSON.stringify(place))).size > 1) {
    throw new Fatal(100, "the blocks want more than one --mail-log");
  }
  return all[0] ?? null;
}
