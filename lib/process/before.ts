/**
 * What a serve process becomes before it serves: the one that supervises those
 * which do, or itself anew with less.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { reason } from "../base/reason.ts";
import { Log } from "../log/log.ts";
import { fileToHand, type HandedFiles } from "../sys/handed_files.ts";
import { couldRead } from "../sys/ids.ts";
import { readNamedFile } from "../sys/named_file.ts";
import { ourArguments, startedFrom } from "../sys/ourselves.ts";
import type { Block } from "./block.ts";
import { rootsCertificates } from "./certificate_keeper.ts";
import { confineItself } from "./confine.ts";
import { confinementOf } from "./confinement.ts";
import { fatal } from "./fatal.ts";
import type { ProcessOptions } from "./options.ts";
import { handedSockets } from "./readiness.ts";
import { reachOfBlocks } from "./reaches.ts";
import type { WorkerPart } from "./worker_role.ts";

/** Whether this very process goes on to serve. */
export type Next =
  | { readonly type: "serves" }
  | { readonly type: "ended"; readonly exitCode: number };

const serves: Next = { type: "serves" };

/**
 * @param part of a worker; null in a process of its own
 * @param config text of the --config file, to be handed on; null for none
 * @throws Fatal
 */
export async function beforeServing(
  options: ProcessOptions,
  blocks: readonly Block[],
  part: WorkerPart | null,
  config: string | null,
): Promise<Next> {
  const { confine, uid, gid, workers } = options;
  // What runs the source reads it, and libraries, from wherever they are.
  const mayBeConfined = confine ??
    (!blocks[0].options.classic && Deno.build.standalone);
  const drops = uid !== 0 || gid !== 0;
  const reach = mayBeConfined || drops ? await reachOfBlocks(blocks) : null;
  const certificates = drops && reach && part === null
    ? rootsCertificates(reach.certificates, options)
    : [];
  const supervises = workers > 1 || certificates.length > 0 && !hasSockets();
  if (part === null && supervises) {
    const { superviseWorkers } = await import("./workers.ts");
    const exitCode = await superviseWorkers(
      options,
      blocks,
      config,
      certificates,
    );
    return { type: "ended", exitCode };
  }
  if (!mayBeConfined || reach === null) return serves;
  const confinement = confinementOf(options, reach);
  if (confinement === null) return serves;
  const why = whyNotAnew(options);
  if (why !== null) {
    if (confine) throw fatal(`unable to confine this process: ${why}`);
    tell(new Log(options).emit, why);
    return serves;
  }
  const { metricsToken } = options;
  const files = handed([
    ...metricsToken === null ? [] : [metricsToken],
    ...certificates.flatMap(({ cert, key }) => [cert, key]),
    ...reach.secrets.filter((path) => drops && !couldRead(path, gid, uid)),
  ]);
  return await confineItself(
    options,
    blocks,
    confinement,
    part,
    config,
    files,
  );
}

/** Whoever counts them wrongly is told later. */
function hasSockets(): boolean {
  try {
    return handedSockets() > 0;
  } catch {
    return true;
  }
}

/** Why this program could not execute itself with the ids to come; null if it can. */
function whyNotAnew({ gid, uid }: ProcessOptions): string | null {
  if (!Deno.build.standalone) return "it runs from its source";
  try {
    ourArguments();
  } catch (error) {
    return `/proc: ${reason(error)}`;
  }
  if (Deno.uid() !== 0 || couldRead(startedFrom, gid, uid)) return null;
  return `the new ids may not read ${startedFrom}`;
}

const tell = (emit: Emit, why: string) =>
  emit(trouble(`unable to confine this process: ${why}`));

/** What they say now; null for none. Whoever reads them says what is wrong. */
function handed(paths: readonly string[]): HandedFiles | null {
  const files = new Map<string, number>();
  for (const path of paths) {
    try {
      files.set(path, fileToHand(readNamedFile(path)));
    } catch {
      // It is told of where it is missed.
    }
  }
  return files.size === 0 ? null : files;
}
