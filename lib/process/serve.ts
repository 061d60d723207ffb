/**
 * The life of a serve process, in tcpserver's order: resolve, listen, give up
 * root, say so, accept; then drain and go.
 *
 * @module
 */
import { type Emit, type GateEvent, trouble } from "../base/events.ts";
import type { GateOptions } from "../gate/options.ts";
import type { Server } from "../gate/server.ts";
import { Slots } from "../gate/slots.ts";
import { ConnectionNumbers } from "../gate/numbers.ts";
import { Log } from "../log/log.ts";
import { withMailLog } from "../log/with_mail_log.ts";
import { isInTime } from "../net/in_time.ts";
import { hideMemory, releaseSignals } from "../sys/confine.ts";
import { releaseStdinAndStdout } from "../sys/descriptors.ts";
import { eventLoop } from "../sys/event_loop.ts";
import { turnNewcomersAway } from "../sys/last_call.ts";
import { keepClientsTogether, letClientsPart } from "../sys/reuseport.ts";
import { listenToSignals } from "../sys/signals.ts";
import { type Block, open, serverOf, type Serving } from "./block.ts";
import { reserveDescriptors } from "./descriptor_limit.ts";
import { attempt, fatal } from "./fatal.ts";
import type { Opened } from "./opened.ts";
import type { ProcessOptions } from "./options.ts";
import { Pidfile } from "./pidfile.ts";
import { dropPrivileges } from "./privileges.ts";
import { addressFor, printPorts } from "./places.ts";
import { readinessOf } from "./readiness.ts";
import type { Watch } from "./watch.ts";
import type { WorkerRole } from "./worker_role.ts";

/** For those who are told that the process ends, to hear it and to be gone. */
const farewellMs = 1500;

/**
 * Serves until SIGTERM (or SIGINT). Resolves to the exit code.
 *
 * @param role of a worker; null in a process of its own
 * @param opened what was done before, with other ids; null for nothing
 */
export async function serve(
  options: ProcessOptions,
  blocks: readonly Block[],
  role: WorkerRole | null,
  opened: Opened | null = null,
): Promise<number> {
  const readiness = readinessOf(role ? null : options.readyFd);
  const inherited = role ? [] : attempt(
    "use LISTEN_FDS",
    () => readiness.inheritedSockets(blocks.length),
  );
  const log = new Log(options);
  const logged = await mailLogged(options, log.emit);
  const watch = await watchOf(options, blocks, role);
  const emit: Emit = watch === null ? logged : (event) => {
    logged(event);
    watch.emit(event);
  };
  eventLoop.onError = (error) => emit({ type: "connection.broken", error });
  eventLoop.onHeld = (milliseconds, what) =>
    emit(trouble(`the event loop was held for ${milliseconds} ms by ${what}`));
  const numbers = numbersOf(role);
  const all: Serving[] = [];
  if (role) {
    role.active = () => all.reduce((sum, { slots }) => sum + slots.active, 0);
  }
  const shares = blocks.map(({ options: { limit } }) =>
    role?.share(limit) ?? limit
  );
  const pidfile = pidfileOf(options, role, opened);
  try {
    for (const text of opened?.troubles ?? []) emit(trouble(text));
    if (!opened) attempt(`write ${options.pidfile}`, () => pidfile?.prepare());
    const servers: Server[] = [];
    for (const block of blocks) servers.push(await serverOf(block, emit));
    const each = servers.map(({ descriptors }) => descriptors);
    reserveDescriptors(shares, each, emit);
    for (const [i, block] of blocks.entries()) {
      const place = {
        address: role?.places[i] ?? await addressFor(block.options),
        shared: role !== null,
        descriptor: opened?.sockets[i] ?? inherited[i] ?? null,
        isOurs: opened?.sockets[i] !== undefined,
      };
      const slots = new Slots(shares[i]);
      // A worker's connections are told of by the process that started it.
      const changed = role ? () => role.changed() : () => emit(statusOf(slots));
      all.push(
        open(place, block, servers[i], slots, numbers, emit, changed),
      );
    }
    if (role) shareClients(all, blocks, role);
    const graceMs = options.graceSeconds * 1000;
    let graceEnds = Infinity;
    // Before anyone can know of us: a HUP would end the process until then.
    handleSignals(all, emit, role, () => {
      graceEnds = Math.min(graceEnds, performance.now() + graceMs);
      readiness.stopping();
      watch?.stopping();
      // A socket that was handed over outlives us, and so does its queue.
      if (inherited.length > 0) { for (const { gate } of all) gate.leave(); }
      else {
        turnNewcomersAway(all.map(({ gate }) => gate.listener.fd));
        for (const { gate } of all) gate.close(graceMs);
      }
    });
    if (opened) {
      releaseSignals();
      if (opened.hasDropped) hideMemory();
    } else {
      if (options.uid !== 0 || options.gid !== 0) {
        attempt(`write ${options.pidfile}`, () => pidfile?.claim());
      }
      dropPrivileges(options, blocks);
    }
    await watch?.open(all, emit);
    // From here on nothing is wanted of others that may not be there.
    attempt(`write ${options.pidfile}`, () => pidfile?.publish());
    if (options.printPort && !role) printPorts(all.map(({ gate }) => gate));
    attempt("open /dev/null", releaseStdinAndStdout);
    if (!role) { for (const { slots } of all) emit(statusOf(slots)); }
    role?.ready();
    readiness.ready();
    await accept(all, () => graceEnds);
  } finally {
    pidfile?.remove();
    watch?.close();
  }
  await log.flush();
  return 0;
}

/** Only root may be able to open the mail log. Throws Fatal. */
async function mailLogged(options: ProcessOptions, emit: Emit): Promise<Emit> {
  try {
    return await withMailLog(options, emit);
  } catch (error) {
    throw fatal((error as Error).message, error);
  }
}

/** Only root may be able to read the token. Throws Fatal. */
async function watchOf(
  options: ProcessOptions,
  blocks: readonly Block[],
  role: WorkerRole | null,
): Promise<Watch | null> {
  const { metrics } = options;
  if (metrics === null) return null;
  const { Watch } = await import("./watch.ts");
  return new Watch(metrics, options, blocks, role);
}

function pidfileOf(
  { pidfile }: ProcessOptions,
  role: WorkerRole | null,
  opened: Opened | null,
): Pidfile | null {
  if (opened) return opened.pidfile && Pidfile.again(opened.pidfile);
  return role ? null : new Pidfile(pidfile);
}

/** No two workers give the same number. */
function numbersOf(role: WorkerRole | null): ConnectionNumbers {
  const { index, count } = role?.part ?? { index: 0, count: 1 };
  return new ConnectionNumbers(index + 1, count);
}

const statusOf = ({ active, limit }: Slots, asked = false): GateEvent => ({
  type: "status",
  active,
  limit,
  asked,
});

/** Where what one address has is counted, it is counted by one worker. */
function shareClients(
  all: readonly Serving[],
  blocks: readonly Block[],
  { part }: WorkerRole,
): void {
  for (const [i, { gate: { listener } }] of all.entries()) {
    if (countsClients(blocks[i].options)) {
      keepClientsTogether(listener.fd, part.count);
    } else letClientsPart(listener.fd);
  }
}

/**
 * Whether a number of connections is given to one address, and counted by who
 * is connected. A share is not: each worker gives one of what it has.
 */
const countsClients = ({ perClient, rate, proxies }: GateOptions) =>
  ((perClient ?? 0) > 0 || rate !== null) && proxies === null;

/** Of a soft limit; the hard one is the end, and no process hears of it. */
const cpuLimitText =
  "more CPU time is used than a limit (softlimit -t) allows a process: " +
  "it is to stand in front of the program, not of the gate";

function handleSignals(
  all: readonly Serving[],
  emit: Emit,
  role: WorkerRole | null,
  stop: () => void,
): void {
  const refresh = () => {
    for (const { server } of all) server.refresh();
    emit({ type: "settings.refreshed" });
  };
  const report = () => {
    for (const { slots } of all) emit(statusOf(slots, true));
  };
  const measure = () => {
    const { count, longestMs } = eventLoop.turns;
    const mostMs = eventLoop.turns.below(0.99);
    emit({ type: "turns", count, mostMs, longestMs });
  };
  let isOverdue = false;
  const overdue = () => {
    if (!isOverdue) emit(trouble(cpuLimitText));
    isOverdue = true; // the kernel says so each second
  };
  listenToSignals([
    ["SIGTERM", stop],
    ["SIGINT", stop],
    ["SIGXCPU", overdue],
    ["SIGHUP", refresh],
    ["SIGUSR1", report],
    ["SIGUSR2", measure],
  ]);
  role?.orphaned().then(stop);
}

/**
 * Runs the gates until a signal, then lets their connections end.
 *
 * @param graceEnds by performance.now(), once there was a signal
 */
async function accept(
  all: readonly Serving[],
  graceEnds: () => number,
): Promise<void> {
  await Promise.all(all.map(({ gate }) => gate.run()));
  const ended = Promise.all(all.map(({ reception }) => reception.empty()));
  if (await isInTime(ended, graceEnds() - performance.now())) return;
  for (const { server } of all) server.stop();
  await isInTime(ended, farewellMs);
}
