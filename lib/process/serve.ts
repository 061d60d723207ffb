/**
 * The life of a serve process, in tcpserver's order: resolve, listen, give up
 * root, say so, accept; then drain and go.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { addressOf } from "../net/names.ts";
import { servicePort } from "../net/services.ts";
import { releaseStdinAndStdout } from "../sys/descriptors.ts";
import { dropGroup, dropUser } from "../sys/ids.ts";
import { turnNewcomersAway } from "../sys/last_call.ts";
import type { SocketAddress } from "../sys/listener.ts";
import { keepClientsTogether } from "../sys/same_worker.ts";
import { reason } from "../base/reason.ts";
import { Admission } from "../gate/admission.ts";
import type { Gate, Place } from "../gate/gate.ts";
import { GateLog } from "../gate/log.ts";
import type { GateOptions, ProcessOptions } from "../gate/options.ts";
import { Pidfile } from "./pidfile.ts";
import { reserveDescriptors } from "./descriptor_limit.ts";
import { Readiness } from "./readiness.ts";
import { Slots } from "../gate/slots.ts";
import type { SmtpdOptions } from "../smtpd/settings.ts";
import type { WorkerRole } from "./worker_role.ts";

/** What answers connections: our SMTP server, or argv of a program. */
export type Service =
  | { type: "smtp"; options: SmtpdOptions; isolatedArgs: readonly string[] }
  | { type: "program"; args: readonly string[] };

/** One HOST PORT PROGRAM. */
export interface Block {
  readonly options: GateOptions;
  readonly service: Service;
}

export const fatal = (line: string, cause?: unknown) =>
  new Fatal(111, `tcpserver: fatal: ${line}`, cause);

interface Serving {
  readonly gate: Gate;
  readonly slots: Slots;
}

/**
 * Serves until SIGTERM (or SIGINT). Resolves to the exit code.
 *
 * @param role of a worker; null in a process of its own
 */
export async function serve(
  options: ProcessOptions,
  blocks: readonly Block[],
  role: WorkerRole | null,
): Promise<number> {
  const readiness = readinessOf(role ? null : options.readyFd);
  const inherited = role ? [] : attempt(
    "use LISTEN_FDS",
    () => readiness.inheritedSockets(blocks.length),
  );
  const all: Serving[] = [];
  const log = new GateLog(options, role);
  if (role) {
    role.active = () => all.reduce((sum, { slots }) => sum + slots.active, 0);
  }
  const shares = blocks.map(({ options: { limit } }) =>
    role?.share(limit) ?? limit
  );
  reserveDescriptors(shares, log);
  const pidfile = role ? null : new Pidfile(options.pidfile);
  try {
    attempt(`write ${options.pidfile}`, () => pidfile?.prepare());
    for (const [i, block] of blocks.entries()) {
      const place = {
        address: role?.places[i] ?? await addressFor(block.options),
        shared: role !== null,
        descriptor: inherited[i] ?? null,
      };
      const slots = new Slots(shares[i]);
      all.push({ gate: await listen(place, block, slots, log), slots });
    }
    if (role) {
      const counting = role.places
        .filter((_, i) => countsClients(blocks[i].options));
      keepClientsTogether(counting, role.part.count);
    }
    // Before anyone can know of us: a HUP would end the process until then.
    handleSignals(all, log, role, () => {
      readiness.stopping();
      // A socket that was handed over outlives us.
      if (inherited.length === 0) turnNewcomersAway();
    });
    attempt(`write ${options.pidfile}`, () => pidfile?.publish());
    dropIds(options);
    if (options.printPort && !role) printPorts(all.map(({ gate }) => gate));
    attempt("open /dev/null", releaseStdinAndStdout);
    for (const { slots } of all) log.status(0, slots.limit);
    role?.ready();
    readiness.ready();
    await accept(all, options);
  } finally {
    pidfile?.remove();
  }
  await log.flush();
  return 0;
}

/** Throws Fatal. */
export function dropIds({ gid, uid }: ProcessOptions): void {
  attempt("set gid", () => dropGroup(gid, uid !== 0));
  attempt("set uid", () => dropUser(uid));
}

/** Whether what one address has is counted, by who is connected. */
const countsClients = ({ perClient, rate, proxies }: GateOptions) =>
  (perClient !== null || rate !== null) && proxies.length === 0;

/** Where HOST and PORT are. */
export async function addressFor(options: GateOptions): Promise<SocketAddress> {
  const port = servicePort(options.port);
  if (port === null) {
    throw fatal(`unable to figure out port number for ${options.port}`);
  }
  return { ip: await resolve(options), port };
}

async function resolve(
  { host, family, interface: scope }: GateOptions,
): Promise<string> {
  if (host === "" || host === "0") return family === "ipv6" ? "::" : "0.0.0.0";
  let ip;
  try {
    ip = await addressOf(host, family);
  } catch (error) {
    throw fatal(
      `temporarily unable to figure out IP address for ${host}`,
      error,
    );
  }
  if (ip === null) throw fatal(`no IP address for ${host}`);
  const linkLocal = /^fe[89ab]/.test(ip) && !ip.includes("%");
  return linkLocal && scope !== null ? `${ip}%${scope}` : ip;
}

async function listen(
  place: Place,
  block: Block,
  slots: Slots,
  log: GateLog,
): Promise<Gate> {
  const { options, service } = block;
  const admission = new Admission(options, log);
  if (service.type === "smtp" && place.descriptor === null) {
    const { InProcessGate, prepareSessions } = await import(
      "../gate/in_process.ts"
    );
    let sessions;
    try {
      sessions = await prepareSessions(
        service.options,
        options,
        (line) => log.warning(line),
      );
    } catch (error) {
      throw fatal((error as Error).message, error);
    }
    return attempt(
      "bind",
      () => new InProcessGate(place, options, sessions, admission, slots, log),
    );
  }
  // Deno cannot accept from a descriptor, so the built-in one is executed.
  if (options.tls) throw fatal("unable to use LISTEN_FDS with --tls-cert");
  const { ExternalGate } = await import("../gate/external.ts");
  const args = service.type === "smtp" ? service.isolatedArgs : service.args;
  return attempt(
    place.descriptor === null ? "bind" : "use LISTEN_FDS",
    () => new ExternalGate(place, options, args, admission, slots, log),
  );
}

/**
 * One a line, all at once: who waits for the first may be gone at the second.
 * As in tcpserver, a reader that has gone is no reason to stop.
 */
export function printPorts(all: readonly { readonly port: number }[]): void {
  try {
    console.log(all.map(({ port }) => port).join("\n"));
  } catch {
    // It has gone.
  }
}

export function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fatal(`unable to ${what}: ${reason(error)}`, error);
  }
}

export const readinessOf = (fd: number | null) =>
  attempt(`use --ready-fd ${fd}`, () => new Readiness(fd));

function handleSignals(
  all: readonly Serving[],
  log: GateLog,
  role: WorkerRole | null,
  onStopping: () => void,
): void {
  const stop = () => {
    onStopping();
    for (const { gate } of all) gate.close();
  };
  const refresh = () => all.forEach(({ gate }) => gate.refresh());
  const report = () =>
    all.forEach(({ slots }) => log.statusNow(slots.active, slots.limit));
  const handlers = [
    ["SIGTERM", stop],
    ["SIGINT", stop],
    ["SIGHUP", refresh],
    ["SIGUSR1", report],
  ] as const;
  for (const [signal, act] of handlers) Deno.addSignalListener(signal, act);
  role?.orphaned().then(stop);
}

/** Runs the gates until a signal, then lets their connections end. */
async function accept(
  all: readonly Serving[],
  options: ProcessOptions,
): Promise<void> {
  await Promise.all(all.map(({ gate }) => gate.run()));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const grace = new Promise<void>((over) => {
    timer = setTimeout(over, options.graceSeconds * 1000);
  });
  const ended = Promise.all(all.map(({ gate }) => gate.ended()));
  await Promise.race([ended, grace]);
  clearTimeout(timer);
}
