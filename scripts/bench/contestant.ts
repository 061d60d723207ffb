/**
 * A server in a benchmark: how it is started, what it costs, and its end.
 *
 * @module
 */
import { peer, postern, until } from "../../tests/support/peers.ts";

export interface Contestant {
  name: string;
  /** Where it will listen. */
  port: number;
  command: string[];
  env?: Record<string, string>;
  /** How it ends; SIGKILL unless it has children to end. */
  stop?: Deno.Signal;
  /** Waits until it has done what it puts off; not counted. */
  settle?: () => Promise<void>;
}

/** Makes those of a benchmark, with files in a folder of theirs. */
export type Contestants = (folder: string) => Promise<Contestant[]>;

/** Has a server do so much of what is counted; resolves when all is done. */
export type Load = (port: number, count: number) => Promise<void>;

export interface Figures {
  perSecond: number;
  /** Of the server and what it started, in microseconds. */
  cpuEach: number;
}

/**
 * The executable, and another one to compare it with, an earlier one say, if
 * POSTERN_BEFORE names one.
 */
export function executables(): { name: string; path: string }[] {
  const before = Deno.env.get("POSTERN_BEFORE");
  return [
    { name: "postern", path: postern },
    ...(before ? [{ name: "postern before", path: before }] : []),
  ];
}

/** A postern that throws messages away. @param options more of serve's */
export function discarding(
  name: string,
  path: string,
  ...options: string[]
): Contestant {
  const port = freePort();
  const serve = ["serve", "-q", "-c100", "-b100", "-RHl0", ...options];
  const smtpd = ["127.0.0.1", `${port}`, "smtpd", "--deliver", "discard"];
  const command = [path, ...serve, ...smtpd];
  return { name, port, command, env: { RELAYCLIENT: "" } };
}

export function freePort(): number {
  const probe = Deno.listen({ port: 0 });
  const { port } = probe.addr;
  probe.close();
  return port;
}

/** Runs a program that has to succeed; resolves to what it wrote to stdout. */
export async function run(program: string, args: string[]): Promise<string> {
  const found = peer(program) ?? program;
  const { success, stdout, stderr } = await new Deno.Command(found, { args })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${program} failed: ${text(stderr)}`);
  return text(stdout);
}

/** CPU seconds of a process and all that it started (proc(5)). */
export function cpuSeconds(pid: number): number {
  let seconds = 0;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    let stat;
    try {
      stat = Deno.readTextFileSync(`/proc/${name}/stat`);
    } catch {
      continue; // it has ended
    }
    // From field 3 on: what is in brackets may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(name) !== pid && Number(fields[1]) !== pid) continue;
    // Fields 14 to 17: its own, and that of children it has waited for.
    const ticks = fields.slice(11, 15).reduce((sum, x) => sum + Number(x), 0);
    seconds += ticks / 100; // USER_HZ, 100 on every Linux
  }
  return seconds;
}

async function isServed(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** A contestant that listens. */
export class Running {
  readonly #server: Deno.ChildProcess;

  constructor(readonly who: Contestant) {
    const [program, ...args] = who.command;
    this.#server = new Deno.Command(program, {
      args,
      env: who.env ?? {},
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Has it do what makes it run as it does for the rest of its life. */
  async warm(load: Load, count: number): Promise<void> {
    const { name, port, settle } = this.who;
    await until(`${name} to listen`, () => isServed(port));
    await load(port, count);
    await settle?.();
  }

  async measure(load: Load, count: number): Promise<Figures> {
    const { pid } = this.#server, { port, settle } = this.who;
    const cpu = cpuSeconds(pid), start = performance.now();
    await load(port, count);
    const seconds = (performance.now() - start) / 1000;
    await settle?.();
    return {
      perSecond: count / seconds,
      cpuEach: (cpuSeconds(pid) - cpu) / count * 1e6,
    };
  }

  async stop(): Promise<void> {
    try {
      this.#server.kill(this.who.stop ?? "SIGKILL");
    } catch {
      // It has ended by itself, and what is thrown elsewhere says so.
    }
    await this.#server.status;
  }
}
