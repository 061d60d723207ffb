/**
 * What the gate says, as far as it was asked to.
 *
 * @module
 */
import * as json from "../log/json.ts";
import { LineWriter } from "../log/line_writer.ts";
import * as text from "../log/tcpserver.ts";
import { reason } from "../base/reason.ts";
import type { ProcessOptions } from "./options.ts";
import type { WorkerRole } from "../process/worker_role.ts";

export type LogFormat = "text" | "json";

/** One writer for all gates of the process, so that lines stay whole. */
const writer = new LineWriter((bytes) => Deno.stderr.write(bytes), dropped);

function dropped(count: number): string {
  return text.warning(`${count} log lines dropped`);
}

export class GateLog {
  readonly #lines: typeof text;
  readonly #all: boolean;
  readonly #errors: boolean;

  #numbers = 0;

  /** @param role of a worker, which is told instead of a status line */
  constructor(
    { verbosity, logFormat }: Pick<ProcessOptions, "verbosity" | "logFormat">,
    readonly role: WorkerRole | null = null,
  ) {
    this.#lines = logFormat === "json" ? { ...text, ...json } : text;
    if (logFormat === "json") writer.droppedLine = json.dropped;
    this.#all = verbosity === "all";
    this.#errors = verbosity !== "silent";
  }

  /**
   * What stands for a pid where there is no process: counted from 1, and no
   * two workers have the same.
   */
  nextNumber(): number {
    const { index, count } = this.role?.part ?? { index: 0, count: 1 };
    return this.#numbers++ * count + index + 1;
  }

  status(active: number, limit: number): void {
    if (this.role) this.role.changed();
    else if (this.#all) writer.line(this.#lines.status(active, limit));
  }

  /** A status that was asked for (SIGUSR1). */
  statusNow(active: number, limit: number): void {
    writer.line(this.#lines.status(active, limit));
  }

  pidFrom(pid: number, ip: string): void {
    if (this.#all) writer.line(this.#lines.pidFrom(pid, ip));
  }

  verdict(
    what: "ok" | "deny",
    pid: number,
    fields: text.ConnectionFields,
  ): void {
    if (this.#all) writer.line(this.#lines.verdict(what, pid, fields));
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
