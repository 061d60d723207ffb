/**
 * What the gate says, as far as it was asked to.
 *
 * @module
 */
import { LineWriter } from "../log/line_writer.ts";
import * as lines from "../log/tcpserver.ts";

export class GateLog {
  readonly #writer = new LineWriter();
  readonly #all: boolean;
  readonly #errors: boolean;

  constructor(verbosity: lines.Verbosity) {
    this.#all = verbosity === "all";
    this.#errors = verbosity !== "silent";
  }

  status(active: number, limit: number): void {
    if (this.#all) this.#writer.line(lines.status(active, limit));
  }

  /** A status that was asked for (SIGUSR1). */
  statusNow(active: number, limit: number): void {
    this.#writer.line(lines.status(active, limit));
  }

  pidFrom(pid: number, ip: string): void {
    if (this.#all) this.#writer.line(lines.pidFrom(pid, ip));
  }

  verdict(
    what: "ok" | "deny",
    pid: number,
    fields: lines.ConnectionFields,
  ): void {
    if (this.#all) this.#writer.line(lines.verdict(what, pid, fields));
  }

  end(pid: number, waitStatus: number): void {
    if (this.#all) this.#writer.line(lines.end(pid, waitStatus));
  }

  dropping(what: string, reason: string): void {
    if (this.#errors) this.#writer.line(lines.dropping(what, reason));
  }

  warning(text: string): void {
    if (this.#errors) this.#writer.line(`tcpserver: warning: ${text}`);
  }

  /** Waits until everything is written, or a second is over. */
  flush(): Promise<void> {
    return this.#writer.flush(1);
  }
}
