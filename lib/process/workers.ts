/**
 * `--workers`: processes that accept on the same addresses, started again when
 * they die, with one status line for all of them.
 *
 * The process that starts them accepts nothing. It keeps its ids, since a new
 * worker has to bind before it gives up its own, and since a renewed
 * certificate may be root's alone.
 *
 * @module
 */
import { closeDescriptor, pipe } from "../sys/descriptors.ts";
import { type Endpoint, isSame } from "../base/endpoint.ts";
import { ReservedPort } from "../sys/listener.ts";
import { filesText, filesVariable } from "../sys/handed_files.ts";
import { textDescriptor, textVariable } from "../sys/handed_text.ts";
import { ourArguments, ourPath } from "../sys/ourselves.ts";
import { waitFor } from "../sys/children.ts";
import { listenToSignals } from "../sys/signals.ts";
import { spawn } from "../sys/spawn.ts";
import { entries, ownEnvironment } from "../ucspi/environment.ts";
import { type Emit, trouble } from "../base/events.ts";
import { Log } from "../log/log.ts";
import type { NeededCertificate } from "../base/reach.ts";
import type { Block } from "./block.ts";
import { CertificateKeeper } from "./certificate_keeper.ts";
import { attempt, fatal } from "./fatal.ts";
import type { ProcessOptions } from "./options.ts";
import { Pidfile } from "./pidfile.ts";
import { addressFor, printPorts } from "./places.ts";
import { handedSockets, type Readiness, readinessOf } from "./readiness.ts";
import { factsFiles } from "./shared_facts.ts";
import { WorkerReports } from "./worker_reports.ts";
import {
  configDescriptor,
  firstFileDescriptor,
  lifeDescriptor,
  reportDescriptor,
  type WorkerPart,
  workerVariable,
} from "./worker_role.ts";

const shortestBackoffMs = 1000;
const longestBackoffMs = 30_000;
/** A worker that lived so long starts with a clean slate. */
const healthyMs = 60_000;
/** The wait status (exit 111) of a worker that could not be executed. */
const notRun = 111 << 8;
/** For a worker to be gone after its own grace. */
const reluctanceMs = 2000;

/**
 * Starts the workers and stays until SIGTERM. Resolves to the exit code.
 *
 * @param config text of the --config file, for the workers; null for none
 * @param certificates that only we can read
 */
export async function superviseWorkers(
  options: ProcessOptions,
  blocks: readonly Block[],
  config: string | null,
  certificates: readonly NeededCertificate[],
): Promise<number> {
  attempt("use LISTEN_FDS", () => {
    // Each worker has a socket of its own on an address.
    if (handedSockets() > 0) throw new Error("there are --workers");
  });
  const pidfile = new Pidfile(options.pidfile);
  try {
    attempt(`write ${options.pidfile}`, () => pidfile.prepare());
    const places: Endpoint[] = [];
    for (const block of blocks) {
      const address = await addressFor(block.options);
      places.push(attempt("bind", () => {
        // A shared port would let them.
        if (places.some((other) => isSame(other, address))) throw taken();
        return new ReservedPort(address).address;
      }));
    }
    const limit = blocks.reduce((sum, block) => sum + block.options.limit, 0);
    const supervisor = new Supervisor(
      options,
      places,
      limit,
      config,
      certificates,
    );
    return await supervisor.run(() =>
      attempt(`write ${options.pidfile}`, () => pidfile.publish())
    );
  } finally {
    pidfile.remove();
  }
}

/** Two blocks on one address: the same as when each has a port of its own. */
const taken = () =>
  Object.assign(new Error("another block's"), { code: "EADDRINUSE" });

/** Throws Fatal. */
function keeperOf(
  certificates: readonly NeededCertificate[],
  emit: Emit,
): CertificateKeeper {
  try {
    return new CertificateKeeper(certificates, emit);
  } catch (error) {
    throw fatal((error as Error).message, error);
  }
}

class Worker {
  pid = 0;
  /** Whether it accepts, and so has its signal handlers. */
  isReady = false;
  /** A SIGHUP came before; what it has read by then may be old. */
  owedRefresh = false;
  active = 0;
  startedAt = 0;
  backoffMs = shortestBackoffMs;

  constructor(readonly index: number) {}
}

class Supervisor {
  readonly #log: Log;
  readonly #workers: Worker[];
  readonly #own = ownEnvironment();
  #stopping = false;
  readonly #wakes = new Set<() => void>();
  readonly #readiness: Readiness;
  /** null if the workers read all they need themselves. */
  readonly #keeper: CertificateKeeper | null;
  /** Files without a name that all workers have, by what they stand for. */
  readonly #files: ReadonlyMap<string, number>;

  constructor(
    readonly options: ProcessOptions,
    readonly places: WorkerPart["places"],
    readonly limit: number,
    readonly config: string | null,
    certificates: readonly NeededCertificate[],
  ) {
    this.#log = new Log(options);
    this.#keeper = certificates.length === 0
      ? null
      : keeperOf(certificates, this.#log.emit);
    this.#files = new Map([
      ...this.#keeper?.files ?? [],
      ...options.metrics === null ? [] : factsFiles(options.workers),
    ]);
    this.#readiness = readinessOf(options.readyFd);
    this.#workers = Array.from(
      { length: options.workers },
      (_, i) => new Worker(i),
    );
  }

  /** @param onReady is called when all workers accept */
  async run(onReady: () => void): Promise<number> {
    const stop = () => this.#stop();
    listenToSignals([
      ["SIGTERM", stop],
      ["SIGINT", stop],
      ["SIGHUP", () => this.#renew()],
      ["SIGUSR1", () => this.#status(true)],
      ["SIGUSR2", () => this.#measure()],
    ]);
    const lives = this.#workers.map((worker) => this.#firstLife(worker));
    const ended = Promise.all(lives.map(({ ended }) => ended));
    try {
      // Whoever is stopped before it was ready ends without being so.
      await Promise.race([Promise.all(lives.map(({ ready }) => ready)), ended]);
    } catch (error) {
      this.#stop();
      await ended;
      throw error;
    }
    if (this.#stopping) return await ended.then(() => 0);
    onReady();
    if (this.options.printPort) printPorts(this.places);
    this.#status();
    this.#readiness.ready();
    const unwatch = this.#keeper?.watch(() => this.#refresh(...this.#workers));
    await ended;
    unwatch?.();
    await this.#log.flush();
    return 0;
  }

  /** `ended` resolves when it will not be started again. */
  #firstLife(worker: Worker): { ready: Promise<void>; ended: Promise<void> } {
    let isReady = () => {}, failed = (_: unknown) => {};
    const ready = new Promise<void>((resolve, reject) => {
      isReady = resolve;
      failed = reject;
    });
    const ended = (async () => {
      let wasReady = false;
      while (!this.#stopping) {
        const status = await this.#life(worker, () => {
          wasReady = true;
          isReady();
        });
        if (this.#stopping) break;
        if (!wasReady) {
          // It has said why.
          failed(fatal(`start worker ${worker.index + 1}`));
          break;
        }
        await this.#backOff(worker, status);
      }
    })();
    return { ready, ended };
  }

  /** One process from start to end; resolves to its wait status. */
  async #life(worker: Worker, onReady: () => void): Promise<number> {
    const part = {
      index: worker.index,
      count: this.#workers.length,
      places: this.places,
    };
    const env = new Map(this.#own).set(workerVariable, JSON.stringify(part));
    worker.startedAt = performance.now();
    worker.owedRefresh = false;
    const pipes: ReturnType<typeof pipe>[] = [];
    const descriptors: [from: number, to: number][] = [];
    let config: number | null = null;
    try {
      pipes.push(pipe());
      pipes.push(pipe());
      descriptors.push([pipes[0].write, reportDescriptor]);
      descriptors.push([pipes[1].read, lifeDescriptor]);
      if (this.config !== null) {
        config = textDescriptor(this.config);
        descriptors.push([config, configDescriptor]);
        env.set(textVariable, `${configDescriptor}`);
      }
      if (this.#files.size > 0) {
        const handed = new Map<string, number>();
        for (const [path, fd] of this.#files) {
          const to = firstFileDescriptor + handed.size;
          handed.set(path, to);
          descriptors.push([fd, to]);
        }
        env.set(filesVariable, filesText({ renewed: handed }));
      }
      worker.pid = spawn({
        path: ourPath(),
        args: ourArguments(),
        env: entries(env),
        descriptors,
      });
    } catch (error) {
      this.#log.emit(trouble("unable to run a worker", error));
      for (const { read, write } of pipes) {
        closeDescriptor(read);
        closeDescriptor(write);
      }
      return notRun;
    } finally {
      if (config !== null) closeDescriptor(config);
    }
    const [report, life] = pipes;
    closeDescriptor(report.write);
    closeDescriptor(life.read);
    if (this.#stopping) this.#signal("SIGTERM");
    const reports = new WorkerReports(report.read, {
      ready: () => {
        worker.isReady = true;
        if (worker.owedRefresh) this.#refresh(worker);
        onReady();
      },
      active: (count) => {
        worker.active = count;
        this.#status();
      },
    });
    const status = await waitFor(worker.pid);
    worker.pid = 0;
    worker.isReady = false;
    closeDescriptor(life.write);
    // Others may still hold the other end: nothing of theirs is waited for.
    reports.close();
    worker.active = 0;
    if (!this.#stopping) this.#status();
    return status;
  }

  async #backOff(worker: Worker, status: number): Promise<void> {
    if (performance.now() - worker.startedAt > healthyMs) {
      worker.backoffMs = shortestBackoffMs;
    }
    const seconds = worker.backoffMs / 1000;
    this.#log.emit(trouble(
      `worker ${worker.index + 1} ended with status ${status}, ` +
        `starting it again in ${seconds} s`,
    ));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => wake(), worker.backoffMs);
      const wake = () => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      this.#wakes.add(wake);
    });
    worker.backoffMs = Math.min(worker.backoffMs * 2, longestBackoffMs);
  }

  get #active(): number {
    return this.#workers.reduce((sum, { active }) => sum + active, 0);
  }

  #status(asked = false): void {
    const active = this.#active;
    this.#log.emit({ type: "status", active, limit: this.limit, asked });
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#readiness.stopping();
    for (const wake of this.#wakes) wake();
    this.#signal("SIGTERM");
    const longest = this.options.graceSeconds * 1000 + reluctanceMs;
    Deno.unrefTimer(setTimeout(() => this.#signal("SIGKILL"), longest));
  }

  async #renew(): Promise<void> {
    if (this.#keeper) await this.#keeper.renew();
    this.#refresh(...this.#workers);
  }

  /** SIGHUP would end a worker that is not ready: it is told later. */
  #refresh(...workers: Worker[]): void {
    for (const worker of workers) {
      worker.owedRefresh = !worker.isReady;
      if (!worker.isReady) continue;
      try {
        Deno.kill(worker.pid, "SIGHUP");
      } catch {
        // It has just ended.
      }
    }
  }

  /** Each tells of its own turns; it too has no handler before it is ready. */
  #measure(): void {
    for (const { pid, isReady } of this.#workers) {
      if (isReady) Deno.kill(pid, "SIGUSR2");
    }
  }

  /** Only to processes that are there: a reaped pid may be someone else's. */
  #signal(signal: Deno.Signal): void {
    for (const { pid } of this.#workers) if (pid !== 0) Deno.kill(pid, signal);
  }
}
