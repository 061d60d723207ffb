/**
 * One of several processes that accept on the same addresses: what it knows
 * of its part, and what it tells the process that started it.
 *
 * @module
 */
import { closeOnExec, doNotBlock, writeSome } from "../sys/descriptors.ts";
import type { Endpoint } from "../base/endpoint.ts";
import { untilHangup } from "../sys/readable.ts";

/** The variable that makes a serve process a worker; a JSON WorkerPart. */
export const workerVariable = "POSTERN_WORKER";
/** Where a worker writes its reports, and what hangs up with its parent. */
export const reportDescriptor = 3;
export const lifeDescriptor = 4;
/** Where the text of a --config file is, if there is one. */
export const configDescriptor = 5;
/** Where files are that only root may read (handed_files.ts), if there are any. */
export const firstFileDescriptor = 6;

export interface WorkerPart {
  /** From 0 to count - 1. */
  readonly index: number;
  readonly count: number;
  /** An address for each block. */
  readonly places: readonly Endpoint[];
}

/** A line of a report: `ready`, or how many connections are held. */
export const readyReport = "ready";

/** Until a report is tried again that nobody had room for. */
const againMs = 100;

/** A worker's part of a number of connections for all. */
export const shareOf = (limit: number, { index, count }: WorkerPart): number =>
  Math.floor(limit / count) + (index < limit % count ? 1 : 0);

export class WorkerRole {
  #reporting = false;
  /** What comes before the number in the next report. */
  #news = "";
  /** Connections that are held now; set by who holds them. */
  active: () => number = () => 0;

  constructor(readonly part: WorkerPart) {
    closeOnExec(reportDescriptor);
    doNotBlock(reportDescriptor);
    closeOnExec(lifeDescriptor);
  }

  /** The part that the environment gives this process; null for none. */
  static givenPart(): WorkerPart | null {
    const text = Deno.env.get(workerVariable);
    return text === undefined ? null : JSON.parse(text);
  }

  /** The role that the environment gives this process; null for none. */
  static fromEnvironment(): WorkerRole | null {
    const part = WorkerRole.givenPart();
    return part && new WorkerRole(part);
  }

  get places(): readonly Endpoint[] {
    return this.part.places;
  }

  /** This worker's part of a number of connections for all. */
  share(limit: number): number {
    return shareOf(limit, this.part);
  }

  ready(): void {
    this.#news = `${readyReport}\n`;
    this.changed();
  }

  /** Connections held have changed; told once a turn, not for each. */
  changed(): void {
    if (this.#reporting) return;
    this.#reporting = true;
    this.#reportIn(0);
  }

  /** Resolves when the process that started this one has gone. */
  orphaned(): Promise<void> {
    return untilHangup(lifeDescriptor);
  }

  /** A few bytes are taken as a whole or not at all (pipe(7)). */
  #reportIn(milliseconds: number): void {
    setTimeout(() => {
      const report = `${this.#news}${this.active()}\n`;
      const bytes = new TextEncoder().encode(report);
      if (writeSome(reportDescriptor, bytes) === 0) {
        return this.#reportIn(againMs);
      }
      this.#reporting = false;
      this.#news = "";
    }, milliseconds);
  }
}
