/**
 * What a gate says, as far as it was asked to.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import { reason } from "../base/reason.ts";
import * as json from "./json.ts";
import { LineWriter } from "./line_writer.ts";
import * as text from "./tcpserver.ts";

export type LogFormat = "text" | "json";

/** One writer for all gates of the process, so that lines stay whole. */
const writer = new LineWriter((bytes) => Deno.stderr.write(bytes), dropped);

function dropped(count: number): string {
  return text.warning(`${count} log lines dropped`);
}

/** How connections without a process of their own are numbered. */
export interface Numbering {
  readonly first: number;
  readonly step: number;
}

export class GateLog {
  readonly #lines: typeof text;
  readonly #all: boolean;
  readonly #errors: boolean;
  #next: number;

  constructor(
    { verbosity, logFormat }: {
      readonly verbosity: text.Verbosity;
      readonly logFormat: LogFormat;
    },
    readonly numbering: Numbering = { first: 1, step: 1 },
  ) {
    this.#lines = logFormat === "json" ? { ...text, ...json } : text;
    if (logFormat === "json") writer.droppedLine = json.dropped;
    this.#all = verbosity === "all";
    this.#errors = verbosity !== "silent";
    this.#next = numbering.first;
  }

  /** What stands for a pid where there is no process. */
  nextNumber(): number {
    const number = this.#next;
    this.#next += this.numbering.step;
    return number;
  }

  status(active: number, limit: number): void {
    if (this.#all) writer.line(this.#lines.status(active, limit));
  }

  /** A status that was asked for (SIGUSR1). */
  statusNow(active: number, limit: number): void {
    writer.line(this.#lines.status(active, limit));
  }

  /** How long the turns of the event loop were (SIGUSR2). */
  turnsNow(turns: text.TurnFacts): void {
    writer.line(this.#lines.turns(turns));
  }

  pidFrom(pid: number, ip: string): void {
    if (this.#all) writer.line(this.#lines.pidFrom(pid, ip));
  }

  verdict(what: "ok" | "deny", pid: number, connection: Connection): void {
    if (this.#all) writer.line(this.#lines.verdict(what, pid, connection));
  }

  end(pid: number, waitStatus: number): void {
    if (this.#all) writer.line(this.#lines.end(pid, waitStatus));
  }

  dropping(what: string, reason: string): void {
    if (this.#errors) writer.line(this.#lines.dropping(what, reason));
  }

  warning(message: string): void {
    if (this.#errors) writer.line(this.#lines.warning(message));
  }

  /** An error that only a bug explains: it costs one connection, no more. */
  unexpected(error: unknown): void {
    this.warning(`connection broken off: ${reason(error)}`);
  }

  /** Waits until everything is written, or a second is over. */
  flush(): Promise<void> {
    return writer.flush(1);
  }
}
