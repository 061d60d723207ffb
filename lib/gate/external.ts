/**
 * The gate to any other program: one process a connection, with the socket
 * itself as its descriptors 0 and 1.
 *
 * @module
 */
import { toBytes } from "../bytes.ts";
import {
  closeDescriptor,
  killIpOptions,
  type RawConnection,
  RawListener,
  setNoDelay,
  type SocketAddress,
  writeNow,
} from "../posix/listener.ts";
import { reapChildren, spawn, waitFor } from "../posix/spawn.ts";
import { reason } from "../reason.ts";
import { type Admission, droppedStatus } from "./admission.ts";
import { entries } from "./environment.ts";
import { AcceptFailures, type Gate } from "./gate.ts";
import type { GateLog } from "./log.ts";
import type { ServeOptions } from "./options.ts";
import { findProgram } from "./program.ts";
import type { Slots } from "./slots.ts";

/** A refused connection never had a process: a number that is never a pid. */
const firstNumber = 2 ** 22 + 1; // Linux's PID_MAX_LIMIT, and one

const notFound = Object.assign(new Error("not in PATH"), { code: "ENOENT" });

export class ExternalGate implements Gate {
  readonly holdsConnections = false;
  readonly #listener: RawListener;
  #refused = 0;
  #closed = false;

  /**
   * Binds and listens; errors are SystemErrors.
   *
   * @param args argv of the program; the first is looked for in PATH
   */
  constructor(
    address: SocketAddress,
    readonly options: ServeOptions,
    readonly args: readonly string[],
    readonly admission: Admission,
    readonly slots: Slots,
    readonly log: GateLog,
  ) {
    this.#listener = new RawListener(address.ip, address.port, options.backlog);
    reapChildren();
  }

  get port(): number {
    return this.#listener.address.port;
  }

  async run(): Promise<void> {
    const failures = new AcceptFailures((error) =>
      this.log.warning(`unable to accept: ${reason(error)}`)
    );
    while (await this.#listener.wait()) {
      try {
        for (;;) {
          await this.slots.free();
          const conn = this.#closed ? null : this.#listener.accept();
          if (!conn) break;
          this.slots.take();
          this.#serve(conn).finally(() => this.slots.give());
        }
      } catch (error) {
        await failures.pause(error);
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#listener.close();
  }

  refresh(): void {
    // The program reads its settings itself, the rules need no signal.
  }

  async #serve(conn: RawConnection): Promise<void> {
    const { log, slots } = this;
    log.status(slots.active, slots.limit);
    const { pid, waitStatus } = await this.#hand(conn);
    log.end(pid, waitStatus ?? await waitFor(pid));
    log.status(slots.active - 1, slots.limit);
  }

  /** Starts the program for a connection, or gives the status of a refusal. */
  async #hand(
    conn: RawConnection,
  ): Promise<{ pid: number; waitStatus: number | null }> {
    const { log, options } = this;
    const refuse = (waitStatus: number) => ({
      pid: firstNumber + this.#refused++,
      waitStatus,
    });
    try {
      if (!options.keepIpOptions) killIpOptions(conn.fd);
      if (options.noDelay) setNoDelay(conn.fd);
      if (options.banner) writeNow(conn.fd, toBytes(options.banner));
      const admitted = await this.admission.admit(conn.local, conn.remote);
      const { fields, env } = admitted;
      if (!env) {
        const refused = refuse(admitted.waitStatus);
        log.pidFrom(refused.pid, conn.remote.ip);
        if (admitted.denied) log.verdict("deny", refused.pid, fields);
        return refused;
      }
      try {
        const path = findProgram(this.args[0], env.get("PATH"));
        if (path === null) throw notFound;
        const pid = await spawn({
          path,
          args: this.args,
          env: entries(env),
          descriptors: [[conn.fd, 0], [conn.fd, 1]],
        });
        // Only now is the pid known that tcpserver logs first.
        log.pidFrom(pid, conn.remote.ip);
        log.verdict("ok", pid, fields);
        return { pid, waitStatus: null };
      } catch (error) {
        const refused = refuse(droppedStatus);
        log.pidFrom(refused.pid, conn.remote.ip);
        log.verdict("ok", refused.pid, fields);
        log.dropping(`unable to run ${this.args[0]}`, reason(error));
        return refused;
      }
    } finally {
      closeDescriptor(conn.fd);
    }
  }
}
