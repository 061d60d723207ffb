/**
 * The gate to any other program: one process a connection, with the socket
 * itself as its descriptors 0 and 1.
 *
 * @module
 */
import { fromBytes, toBytes } from "../base/bytes.ts";
import { closeDescriptor } from "../sys/descriptors.ts";
import {
  killIpOptions,
  type RawConnection,
  RawListener,
  sendNow,
  setNoDelay,
} from "../sys/listener.ts";
import { spawn, whenEnded } from "../sys/spawn.ts";
import { codeOf, reason } from "../base/reason.ts";
import {
  type Admission,
  type Admitted,
  busyReply,
  deniedStatus,
  droppedStatus,
} from "./admission.ts";
import { AcceptFailures, type Gate, lastCallMs, type Place } from "./gate.ts";
import type { GateLog } from "./log.ts";
import type { GateOptions } from "./options.ts";
import { findProgram, searchPath } from "../ucspi/program.ts";
import { type Ends, noHeader, skipProxied } from "./proxied.ts";
import { Slots } from "./slots.ts";

/** A refused connection never had a process: a number that is never a pid. */
const belowNumbers = 2 ** 22; // Linux's PID_MAX_LIMIT

/**
 * So many are accepted in a row, if they are there, before whatever else there
 * is to do: programs that have ended, log lines, signals.
 */
const burst = 64;

/** tcpserver's. */
const usualBacklog = 20;

/** Of posix_spawn(3) these are fork's, as good as always. */
const forkFailures = new Set(["EAGAIN", "ENOMEM"]);

const notFound = Object.assign(new Error("not in PATH"), { code: "ENOENT" });

/** A connection that is here, or that a program has got. */
class Client {
  /** Its ends, once it is counted in by the admission. */
  entered: Ends | null = null;
  /** Neither it nor its program takes a slot any more. */
  gone = false;
  #closed = false;

  constructor(readonly conn: RawConnection) {}

  /** Closes our descriptor of it, once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeDescriptor(this.conn.fd);
  }
}

export class ExternalGate implements Gate {
  readonly #listener: RawListener;
  /** The program's name as text. */
  readonly #name: string;
  /** Where it is looked for: our own, not one that a rule sets for it. */
  readonly #path = searchPath();
  /** Those about whom somebody is being asked: no program has them yet. */
  readonly #pending = new Slots(Infinity);
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
      ? RawListener.listen(address, options.backlog ?? usualBacklog, shared)
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
        for (let i = 0; i < burst; i++) {
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
      this.slots.close();
    }, lastCallMs);
  }

  /** A running child goes on without us. */
  ended(): Promise<void> {
    return this.#pending.empty();
  }

  refresh(): void {
    // The program reads its settings itself, the rules need no signal.
  }

  /**
   * Sees a connection through, without a promise where nobody has to be asked:
   * the code that runs between two exec calls is always cold.
   */
  #serve(conn: RawConnection): void {
    const { slots } = this;
    this.log.status(slots.active, slots.limit);
    const client = new Client(conn);
    try {
      if (this.admission.isProxy(conn.remote.ip)) {
        this.#later(
          client,
          skipProxied(conn),
          (ends) => this.#enter(client, ends),
        );
      } else this.#enter(client, conn);
    } catch (error) {
      this.#broken(client, error);
    }
  }

  /** Goes on with a client when there is an answer. */
  #later<T>(
    client: Client,
    answer: Promise<T>,
    goOn: (answer: T) => void,
  ): void {
    this.#pending.take();
    answer.then(goOn).catch((error) => this.#broken(client, error))
      .then(() => this.#pending.give());
  }

  /** Only a bug leads here: it costs one connection, no more. */
  #broken(client: Client, error: unknown): void {
    this.log.unexpected(error);
    client.close();
    this.#release(client);
  }

  /** @param ends null if a proxy has not said whose they are */
  #enter(client: Client, ends: Ends | null): void {
    const { fd, remote: { ip } } = client.conn;
    if (ends === null) {
      const pid = this.#numbered(ip);
      this.log.dropping(noHeader.what, noHeader.why);
      return this.#end(client, pid, droppedStatus);
    }
    const excess = this.admission.enter(ends);
    if (excess) {
      const pid = this.#numbered(ends.remote.ip);
      this.log.dropping(excess.what, excess.why);
      if (this.options.busyReply) sendQuietly(fd, busyReply);
      return this.#end(client, pid, deniedStatus);
    }
    client.entered = ends;
    if (!this.options.keepIpOptions) killIpOptions(fd);
    if (this.options.noDelay) setNoDelay(fd);
    if (this.options.banner) {
      try {
        sendNow(fd, toBytes(this.options.banner));
      } catch (error) {
        const pid = this.#numbered(ends.remote.ip);
        this.log.dropping("unable to print banner", reason(error));
        return this.#end(client, pid, droppedStatus);
      }
    }
    const admitting = this.admission.admit(ends);
    if (admitting instanceof Promise) {
      this.#later(
        client,
        admitting,
        (admitted) => this.#hand(client, ends, admitted),
      );
    } else this.#hand(client, ends, admitting);
  }

  /** Starts the program for a client, or refuses it. */
  #hand(client: Client, { remote: { ip } }: Ends, admitted: Admitted): void {
    const { log } = this;
    const { fields, env } = admitted;
    if (!env) {
      const pid = this.#numbered(ip);
      admitted.report(pid);
      return this.#end(client, pid, admitted.waitStatus);
    }
    const { fd } = client.conn;
    let pid: number;
    try {
      pid = spawn({
        path: this.#found(),
        args: this.args,
        env: env.entries(),
        descriptors: [[fd, 0], [fd, 1]],
      });
    } catch (error) {
      if (forkFailures.has(codeOf(error)!)) {
        // tcpserver, which forks first, says nothing else of the client.
        log.dropping("unable to fork", reason(error));
        client.close();
        return this.#release(client);
      }
      pid = this.#numbered(ip);
      log.verdict("ok", pid, fields);
      log.dropping(`unable to run ${this.#name}`, reason(error));
      return this.#end(client, pid, droppedStatus);
    }
    client.close();
    // Only now is the pid known that tcpserver logs first.
    log.pidFrom(pid, ip);
    log.verdict("ok", pid, fields);
    whenEnded(pid, (status) => this.#end(client, pid, status));
  }

  /** Logs the number of a connection without a process. */
  #numbered(ip: string): number {
    const pid = belowNumbers + this.log.nextNumber();
    this.log.pidFrom(pid, ip);
    return pid;
  }

  #end(client: Client, pid: number, waitStatus: number): void {
    client.close();
    this.log.end(pid, waitStatus);
    this.#release(client);
  }

  #release(client: Client): void {
    if (client.gone) return;
    client.gone = true;
    const { slots } = this;
    if (client.entered) this.admission.leave(client.entered);
    slots.give();
    this.log.status(slots.active, slots.limit);
  }

  /** The file to execute, as a byte string. Looked for anew, as execvp does. */
  #found(): string {
    if (this.args[0].includes("/")) return this.args[0];
    const path = findProgram(this.#name, this.#path);
    if (path === null) throw notFound;
    return fromBytes(new TextEncoder().encode(path));
  }
}

function sendQuietly(fd: number, text: string): void {
  try {
    sendNow(fd, toBytes(text));
  } catch {
    // It does not want to know.
  }
}
