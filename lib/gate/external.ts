/**
 * The gate to any other program: one process a connection, with the socket
 * itself as its descriptors 0 and 1.
 *
 * @module
 */
import { fromBytes, toBytes } from "../bytes.ts";
import { closeDescriptor, writeNow } from "../posix/descriptors.ts";
import {
  killIpOptions,
  type RawConnection,
  RawListener,
  setNoDelay,
} from "../posix/listener.ts";
import { spawn, waitFor } from "../posix/spawn.ts";
import { reason } from "../reason.ts";
import {
  type Admission,
  busyReply,
  deniedStatus,
  droppedStatus,
} from "./admission.ts";
import { entries } from "./environment.ts";
import { AcceptFailures, type Gate, lastCallMs, type Place } from "./gate.ts";
import type { GateLog } from "./log.ts";
import type { GateOptions } from "./options.ts";
import { findProgram } from "./program.ts";
import { type Ends, noHeader, skipProxied } from "./proxied.ts";
import type { Slots } from "./slots.ts";

/** A refused connection never had a process: a number that is never a pid. */
const belowNumbers = 2 ** 22; // Linux's PID_MAX_LIMIT

/** A null status is one that the process has yet to tell. */
interface Handed {
  readonly pid: number;
  readonly waitStatus: number | null;
}

const notFound = Object.assign(new Error("not in PATH"), { code: "ENOENT" });

export class ExternalGate implements Gate {
  readonly holdsConnections = false;
  readonly #listener: RawListener;
  /** The program's name as text. */
  readonly #name: string;
  /** Where it is looked for: our own, not one that a rule sets for it. */
  readonly #path = Deno.env.get("PATH");
  #closed = false;

  /**
   * Binds and listens; errors are SystemErrors.
   *
   * @param args argv of the program; the first is looked for in PATH
   */
  constructor(
    { address, shared, descriptor }: Place,
    readonly options: GateOptions,
    readonly args: readonly string[],
    readonly admission: Admission,
    readonly slots: Slots,
    readonly log: GateLog,
  ) {
    this.#name = new TextDecoder().decode(toBytes(args[0]));
    this.#listener = descriptor === null
      ? RawListener.listen(address, options.backlog, shared)
      : RawListener.inherit(descriptor);
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
          if (this.slots.isFull) await this.slots.free();
          const conn = this.#closed ? null : this.#listener.accept();
          if (!conn) break;
          this.slots.take();
          this.#serve(conn);
        }
      } catch (error) {
        await failures.handle(error);
      }
    }
  }

  close(): void {
    setTimeout(() => {
      if (this.#closed) return;
      this.#closed = true;
      this.#listener.close();
    }, lastCallMs);
  }

  refresh(): void {
    // The program reads its settings itself, the rules need no signal.
  }

  async #serve(conn: RawConnection): Promise<void> {
    const { log, slots } = this;
    log.status(slots.active, slots.limit);
    try {
      await this.#connection(conn);
    } catch (error) {
      log.unexpected(error);
    }
    slots.give();
    log.status(slots.active, slots.limit);
  }

  async #connection(conn: RawConnection): Promise<void> {
    const { log } = this;
    const ends = this.admission.isProxy(conn.remote.ip)
      ? await skipProxied(conn)
      : conn;
    let entered = false;
    let pid: number, waitStatus: number | null;
    try {
      if (ends === null) {
        ({ pid, waitStatus } = this.#refuse(droppedStatus, conn.remote.ip));
        log.dropping(noHeader.what, noHeader.why);
      } else if (!(entered = this.admission.enter(ends))) {
        ({ pid, waitStatus } = this.#refuse(deniedStatus, ends.remote.ip));
        if (this.options.busyReply) writeNow(conn.fd, toBytes(busyReply));
      } else ({ pid, waitStatus } = await this.#hand(conn.fd, ends));
    } finally {
      closeDescriptor(conn.fd);
    }
    log.end(pid, waitStatus ?? await waitFor(pid));
    if (entered) this.admission.leave(ends!);
  }

  /** The number and the wait status of a connection without a process. */
  #refuse(waitStatus: number, ip: string): Handed {
    const pid = belowNumbers + this.log.nextNumber();
    this.log.pidFrom(pid, ip);
    return { pid, waitStatus };
  }

  /** Starts the program for a connection, or refuses it. */
  async #hand(fd: number, ends: Ends): Promise<Handed> {
    const { log, options } = this;
    const { ip } = ends.remote;
    if (!options.keepIpOptions) killIpOptions(fd);
    if (options.noDelay) setNoDelay(fd);
    if (options.banner) writeNow(fd, toBytes(options.banner));
    const admitting = this.admission.admit(ends.local, ends.remote);
    const admitted = admitting instanceof Promise ? await admitting : admitting;
    const { fields, env } = admitted;
    if (!env) {
      const refused = this.#refuse(admitted.waitStatus, ip);
      admitted.report(refused.pid);
      return refused;
    }
    try {
      const pid = spawn({
        path: this.#found(),
        args: this.args,
        env: entries(env),
        descriptors: [[fd, 0], [fd, 1]],
      });
      // Only now is the pid known that tcpserver logs first.
      log.pidFrom(pid, ip);
      log.verdict("ok", pid, fields);
      return { pid, waitStatus: null };
    } catch (error) {
      const refused = this.#refuse(droppedStatus, ip);
      log.verdict("ok", refused.pid, fields);
      log.dropping(`unable to run ${this.#name}`, reason(error));
      return refused;
    }
  }

  /** The file to execute, as a byte string. Looked for anew, as execvp does. */
  #found(): string {
    if (this.args[0].includes("/")) return this.args[0];
    const path = findProgram(this.#name, this.#path);
    if (path === null) throw notFound;
    return fromBytes(new TextEncoder().encode(path));
  }
}
