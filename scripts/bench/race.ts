/**
 * Servers that take the same messages in turn, one message a connection, 20 at
 * once. All of them run and are warm all the time, as servers are. The rounds
 * are interleaved, every other one in the opposite order, and what counts is
 * the median of the ratios within a round.
 *
 * @module
 */
import { peer, until } from "../../tests/support/peers.ts";
import { median } from "./figures.ts";

const concurrency = 20;

/** Messages after which a server runs as it does for the rest of its life. */
const warmUp = 2000;

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

interface Figures {
  perSecond: number;
  /** Of the server and what it started, in microseconds. */
  cpuPerMessage: number;
}

/** A queue program in C that reads what it is given and says yes. */
const queueSource = `
#include <unistd.h>
int main(void) {
  static char bytes[65536];
  while (read(0, bytes, sizeof bytes) > 0) ;
  while (read(1, bytes, sizeof bytes) > 0) ;
  return 0;
}`;

/** Builds {@linkcode queueSource}; returns its path. */
export async function discardingQueue(folder: string): Promise<string> {
  const source = `${folder}/queue.c`;
  await Deno.writeTextFile(source, queueSource);
  const built = await new Deno.Command("gcc", {
    args: ["-O2", "-o", `${folder}/queue`, source],
  }).output();
  if (!built.success) throw new Error("gcc cannot build the queue program");
  return `${folder}/queue`;
}

/** CPU seconds of a process and all that it started (proc(5)). */
function cpuSeconds(pid: number): number {
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
class Running {
  readonly #server: Deno.ChildProcess;

  constructor(readonly who: Contestant) {
    const [program, ...args] = who.command;
    this.#server = new Deno.Command(program, {
      args,
      env: who.env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async warm(): Promise<void> {
    const { name, port } = this.who;
    await until(`${name} to listen`, () => isServed(port));
    await this.#load(warmUp);
    await this.who.settle?.();
  }

  async measure(messages: number): Promise<Figures> {
    const { pid } = this.#server;
    const cpu = cpuSeconds(pid), start = performance.now();
    await this.#load(messages);
    const seconds = (performance.now() - start) / 1000;
    await this.who.settle?.();
    return {
      perSecond: messages / seconds,
      cpuPerMessage: (cpuSeconds(pid) - cpu) / messages * 1e6,
    };
  }

  async #load(messages: number): Promise<void> {
    const { success } = await new Deno.Command(peer("smtp-source")!, {
      args: [
        ...["-s", `${concurrency}`, "-m", `${messages}`, "-l", "1000"],
        ...["-f", "a@sender.example", "-t", "b@foreign.example"],
        `127.0.0.1:${this.who.port}`,
      ],
    }).output();
    if (!success) {
      throw new Error(`smtp-source failed against ${this.who.name}`);
    }
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

function freePort(): number {
  const probe = Deno.listen({ port: 0 });
  const { port } = probe.addr;
  probe.close();
  return port;
}

/**
 * Runs all and prints how the first does beside each other one.
 *
 * @param contestants for ports and a folder of their own
 * @param fate what becomes of the messages
 */
export async function race(
  contestants: (
    freePort: () => number,
    folder: string,
  ) => Promise<Contestant[]>,
  rounds: number,
  messages: number,
  fate = "discarded",
): Promise<void> {
  if (!peer("smtp-source")) throw new Error("install postfix for smtp-source");
  const folder = await Deno.makeTempDir({ dir: Deno.env.get("BENCH_DIR") });
  await Deno.chmod(folder, 0o755);
  const running: Running[] = [];
  try {
    const all = await contestants(freePort, folder);
    for (const who of all) {
      const server = new Running(who);
      running.push(server);
      await server.warm();
    }
    const figures = new Map(all.map((who) => [who.name, [] as Figures[]]));
    for (let round = 0; round < rounds; round++) {
      // Who comes later finds the machine warmer, or its disk fuller.
      for (const each of round % 2 ? running.toReversed() : running) {
        figures.get(each.who.name)!.push(await each.measure(messages));
      }
    }
    const ours = figures.get(all[0].name)!;
    console.log(
      `${messages} messages, a connection each, ${concurrency} at once, ${fate}; ` +
        `medians of ${rounds} interleaved rounds`,
    );
    for (const { name } of all) {
      const theirs = figures.get(name)!;
      const ratio = (of: (figures: Figures) => number) =>
        median(ours.map((each, round) => of(each) / of(theirs[round])));
      const versus = name === all[0].name
        ? ""
        : `  postern has ${ratio((f) => f.perSecond).toFixed(3)}x ` +
          `the messages, ${ratio((f) => f.cpuPerMessage).toFixed(2)}x the CPU`;
      const perSecond = median(theirs.map((f) => f.perSecond));
      const cpu = median(theirs.map((f) => f.cpuPerMessage));
      console.log(
        `${name.padEnd(24)} ${perSecond.toFixed(0).padStart(7)}/s ` +
          `${cpu.toFixed(0).padStart(6)} us CPU${versus}`,
      );
    }
  } finally {
    await Promise.all(running.map((server) => server.stop()));
    await Deno.remove(folder, { recursive: true });
  }
}
