/**
 * What a gate has opened while it had the ids for it, for what it executes in
 * its own place.
 *
 * @module
 */
import { closeOnExec, keepOverExec } from "../sys/descriptors.ts";
import { holdSignals } from "../sys/confine.ts";
import type { Block } from "./block.ts";
import { attempt } from "./fatal.ts";
import {
  type ProcessOptions,
  programBacklog,
  protocolBacklog,
} from "./options.ts";
import { Pidfile, type PidfileState } from "./pidfile.ts";
import { addressFor, listenAt } from "./places.ts";
import { handedSockets } from "./readiness.ts";
import { reserveDescriptors } from "./descriptor_limit.ts";
import { shareOf, type WorkerPart } from "./worker_role.ts";

/** The variable that has it: JSON of {@linkcode Opened}. */
const openedVariable = "POSTERN_OPENED";

/** Descriptors of listening sockets, one for each block. */
export interface Opened {
  /** None where all of them were handed to us (LISTEN_FDS). */
  readonly sockets: readonly number[];
  readonly pidfile: PidfileState | null;
  /** What is to be told once there is a log. */
  readonly troubles: readonly string[];
  /** Whether no program but our own is run from now on. */
  readonly runsNone: boolean;
  /** Whether ids were given up. */
  readonly hasDropped: boolean;
}

/**
 * Listens, and claims the pidfile: all that the ids we start with are for, but
 * certificates.
 *
 * @param part of a worker; null in a process of its own
 * @throws Fatal
 */
export async function openFirst(
  options: ProcessOptions,
  blocks: readonly Block[],
  part: WorkerPart | null,
): Promise<Pick<Opened, "sockets" | "pidfile">> {
  const handed = part ? 0 : attempt("use LISTEN_FDS", handedSockets);
  const pidfile = part ? null : new Pidfile(options.pidfile);
  try {
    attempt(`write ${options.pidfile}`, () => pidfile?.prepare());
    const limits = blocks.map(({ options: { limit } }) =>
      part ? shareOf(limit, part) : limit
    );
    // What a connection needs is known, and told of, when more has been loaded.
    reserveDescriptors(limits, limits.map(() => 0), () => {});
    const sockets: number[] = [];
    for (const [i, block] of handed > 0 ? [] : blocks.entries()) {
      const { options: { backlog }, service } = block;
      const usual = service.type === "program"
        ? programBacklog
        : protocolBacklog;
      const place = {
        address: part?.places[i] ?? await addressFor(block.options),
        shared: part !== null,
        descriptor: null,
      };
      sockets.push(listenAt(place, backlog ?? usual).fd);
    }
    // Before anyone can know of us: a HUP would end what has no handlers yet.
    holdSignals();
    attempt(`write ${options.pidfile}`, () => pidfile?.claim());
    return { sockets, pidfile: pidfile?.state ?? null };
  } catch (error) {
    pidfile?.remove();
    throw error;
  }
}

const descriptorsOf = ({ sockets, pidfile }: Opened): number[] =>
  pidfile === null ? [...sockets] : [...sockets, pidfile.fd];

/** For what this process executes in its own place. */
export function handOpened(opened: Opened): void {
  descriptorsOf(opened).forEach(keepOverExec);
  Deno.env.set(openedVariable, JSON.stringify(opened));
}

/** What was opened before this process was executed; null for nothing. */
export function takeOpened(): Opened | null {
  const text = Deno.env.get(openedVariable);
  if (text === undefined) return null;
  Deno.env.delete(openedVariable);
  const opened: Opened = JSON.parse(text);
  descriptorsOf(opened).forEach(closeOnExec);
  return opened;
}
