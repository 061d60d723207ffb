/**
 * The life of a serve process, in tcpserver's order: resolve, listen, give up
 * root, say so, accept; then drain and go.
 *
 * @module
 */
import { isIP } from "node:net";
import { Fatal } from "../fatal.ts";
import { canonicalAddress } from "../address.ts";
import { addressOf } from "../net/names.ts";
import { servicePort } from "../net/services.ts";
import { releaseStdinAndStdout } from "../posix/descriptors.ts";
import { dropGroup, dropUser } from "../posix/ids.ts";
import { reason } from "../reason.ts";
import { Admission } from "./admission.ts";
import type { Gate } from "./gate.ts";
import { GateLog } from "./log.ts";
import type { ServeOptions } from "./options.ts";
import { Pidfile } from "./pidfile.ts";
import { Slots } from "./slots.ts";
import type { SmtpdOptions } from "./smtp_settings.ts";

/** What answers connections: our SMTP server, or argv of a program. */
export type Service =
  | { type: "smtp"; options: SmtpdOptions }
  | { type: "program"; args: readonly string[] };

const fatal = (line: string, cause?: unknown) =>
  new Fatal(111, `tcpserver: fatal: ${line}`, cause);

/** Serves until SIGTERM (or SIGINT). Resolves to the exit code. */
export async function serve(
  options: ServeOptions,
  service: Service,
): Promise<number> {
  const port = servicePort(options.port);
  if (port === null) {
    throw fatal(`unable to figure out port number for ${options.port}`);
  }
  const ip = await resolve(options.host);
  const log = new GateLog(options.verbosity, options.logFormat);
  const slots = new Slots(options.limit);
  const gate = await listen(ip, port, options, service, slots, log);
  const pidfile = options.pidfile === null ? null : attempt(
    `write ${options.pidfile}`,
    () => new Pidfile(options.pidfile!),
  );
  try {
    attempt("set gid", () => dropGroup(options.gid, options.uid !== 0));
    attempt("set uid", () => dropUser(options.uid));
    if (options.printPort) console.log(gate.port);
    releaseStdinAndStdout();
    log.status(0, slots.limit);
    await accept(gate, options, slots, log);
  } finally {
    pidfile?.remove();
  }
  await log.flush();
  return 0;
}

async function resolve(host: string): Promise<string> {
  if (host === "" || host === "0") return "0.0.0.0";
  if (isIP(host)) return canonicalAddress(host);
  let ip;
  try {
    ip = await addressOf(host);
  } catch (error) {
    throw fatal(
      `temporarily unable to figure out IP address for ${host}`,
      error,
    );
  }
  if (ip === null) throw fatal(`no IP address for ${host}`);
  return ip;
}

async function listen(
  ip: string,
  port: number,
  options: ServeOptions,
  service: Service,
  slots: Slots,
  log: GateLog,
): Promise<Gate> {
  const admission = new Admission(options, log);
  try {
    if (service.type === "smtp") {
      const { InProcessGate } = await import("./in_process.ts");
      return new InProcessGate(
        { ip, port },
        options,
        service.options,
        admission,
        slots,
        log,
      );
    }
    const { ExternalGate } = await import("./external.ts");
    const { args } = service;
    return new ExternalGate({ ip, port }, options, args, admission, slots, log);
  } catch (error) {
    throw fatal(`unable to bind: ${reason(error)}`, error);
  }
}

function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fatal(`unable to ${what}: ${reason(error)}`, error);
  }
}

/** Runs the gate until a signal, then lets its connections end. */
async function accept(
  gate: Gate,
  options: ServeOptions,
  slots: Slots,
  log: GateLog,
): Promise<void> {
  const stop = () => gate.close();
  const refresh = () => gate.refresh();
  const report = () => log.statusNow(slots.active, slots.limit);
  const handlers = [
    ["SIGTERM", stop],
    ["SIGINT", stop],
    ["SIGHUP", refresh],
    ["SIGUSR1", report],
  ] as const;
  for (const [signal, act] of handlers) Deno.addSignalListener(signal, act);
  await gate.run();
  if (!gate.holdsConnections) return; // a running child goes on without us
  let timer: ReturnType<typeof setTimeout> | undefined;
  const grace = new Promise<void>((over) => {
    timer = setTimeout(over, options.graceSeconds * 1000);
  });
  await Promise.race([slots.empty(), grace]);
  clearTimeout(timer);
}
