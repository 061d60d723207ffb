/**
 * A shared queue in a cluster of three: messages a second into it with one, two
 * and three gates, and out of it with as many drains, side by side in one run;
 * what a message costs each part, and how long a client waits for its 250. As
 * root.
 *
 * Everything runs on this machine, brokers and clients too. While its
 * processors are busy more gates are no faster: then the costs are what counts,
 * and what they come to on machines of their own.
 *
 * @module
 */
import { peer, postern, until } from "../../tests/support/peers.ts";
import { type RabbitNode, withRabbit } from "../../tests/support/rabbitmq.ts";
import { TestQueue } from "../../tests/support/shared_queue.ts";
import { queueArgs, setUpQueue } from "../../tests/support/site.ts";
import { SmtpClient } from "../../tests/support/smtp_client.ts";
import { cpuSeconds, freePort, run } from "./contestant.ts";
import { median } from "./figures.ts";
import type { Bench } from "./run.ts";

const sizes = [1, 2, 3];
const clients = 30;
const warmUp = 1000;
/** Of messages that come one after the other. */
const alone = 200;

class Server {
  readonly #child: Deno.ChildProcess;

  constructor(args: readonly string[]) {
    this.#child = new Deno.Command(postern, {
      args: [...args],
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** In MB, with what it shares with others. */
  get memory(): number {
    return memoryOf(this.pid);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

function memoryOf(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}

/** The Erlang machine; its parents do nothing. */
const machineOf = ({ folder }: RabbitNode) =>
  Number(Deno.readTextFileSync(`${folder}/pid`));

const cpuOf = (pids: readonly number[]) =>
  pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);

interface Cost {
  readonly perSecond: number;
  /** Milliseconds of CPU a message, of all of a kind together. */
  readonly ours: number;
  readonly brokers: number;
}

/** What it costs to have so many messages on their way. */
async function costOf(
  count: number,
  ours: readonly Server[],
  nodes: readonly RabbitNode[],
  work: () => Promise<void>,
): Promise<Cost> {
  const mine = ours.map(({ pid }) => pid), theirs = nodes.map(machineOf);
  const before = [cpuOf(mine), cpuOf(theirs)];
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  return {
    perSecond: count / seconds,
    ours: (cpuOf(mine) - before[0]) / count * 1000,
    brokers: (cpuOf(theirs) - before[1]) / count * 1000,
  };
}

/** Hands so many to all gates alike. */
const load = async (ports: readonly number[], count: number) => {
  await Promise.all(ports.map((port) =>
    run("smtp-source", [
      ...["-s", `${Math.ceil(clients / ports.length)}`],
      ...["-m", `${Math.ceil(count / ports.length)}`, "-l", "4000"],
      ...["-f", "a@sender.example", "-t", "b@foreign.example"],
      `127.0.0.1:${port}`,
    ])
  ));
};

/** Milliseconds from the end of a text to its 250, one after the other. */
async function waits(port: number): Promise<number[]> {
  const client = await SmtpClient.connect(port);
  await client.reply();
  await client.ask("EHLO client.example");
  const found: number[] = [];
  for (let i = 0; i < alone; i++) {
    for (
      const line of [
        "MAIL FROM:<a@sender.example>",
        "RCPT TO:<b@foreign.example>",
        "DATA",
      ]
    ) await client.ask(line);
    const began = performance.now();
    const said = await client.ask(`Subject: x\r\n\r\n${"x".repeat(900)}\r\n.`);
    if (!said.startsWith("250")) throw new Error(said);
    found.push(performance.now() - began);
  }
  client.close();
  return found.sort((a, b) => a - b);
}

interface Round {
  readonly into: Cost;
  readonly outOf: Cost;
  readonly memory: { readonly gate: number; readonly drain: number };
}

async function round(
  size: number,
  count: number,
  nodes: readonly RabbitNode[],
  queue: TestQueue,
): Promise<Round> {
  const { url, options } = queueArgs(nodes);
  const ports = sizes.slice(0, size).map(() => freePort());
  const gates = ports.map((port) =>
    new Server([
      ...["serve", "-q", "-c100", "-b100", "-RHl0", "127.0.0.1", `${port}`],
      ...["smtpd", "--me", "bench.example", "--rcpthosts", "foreign.example"],
      ...["--deliver", url, ...options],
    ])
  );
  const { ready } = queue.topology;
  const isEmpty = async () => await queue.depth(ready) === 0;
  try {
    for (const port of ports) await until("a gate listens", () => hears(port));
    await load(ports, warmUp);
    const into = await costOf(count, gates, nodes, () => load(ports, count));
    const gate = Math.max(...gates.map(({ memory }) => memory));
    const drainArgs = [
      ...["drain", "--me", "bench.example", "--mail-log", "off"],
      ...["--deliver", "discard", "--concurrency", "50", ...options, url],
    ];
    const drains = ports.map(() => new Server(drainArgs));
    try {
      await until(
        "the drains have begun",
        async () => await queue.depth(ready) < count + warmUp,
      );
      const left = await queue.depth(ready);
      const outOf = await costOf(
        left,
        drains,
        nodes,
        () => until("all is drained", isEmpty, 300),
      );
      const drain = Math.max(...drains.map(({ memory }) => memory));
      return { into, outOf, memory: { gate, drain } };
    } finally {
      for (const drain of drains) await drain.stop();
    }
  } finally {
    for (const gate of gates) await gate.stop();
  }
}

async function hears(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

const told = (all: readonly Cost[], who: string) => {
  const of = (what: keyof Cost) => median(all.map((each) => each[what]));
  return `${of("perSecond").toFixed(0).padStart(6)}/s, CPU a message: ` +
    `${who} ${of("ours").toFixed(2)} ms, brokers ${
      of("brokers").toFixed(2)
    } ms`;
};

export const bench: Bench = async ([rounds = 3, messages = 6000]) => {
  if (!peer("smtp-source")) throw new Error("install postfix for smtp-source");
  const folder = await Deno.makeTempDir({ prefix: "postern-bench-" });
  await Deno.chmod(folder, 0o755);
  try {
    await withRabbit(folder, 3, async (nodes) => {
      await setUpQueue(nodes, 1);
      const queue = new TestQueue(nodes[0], "postern", 3);
      const found = sizes.map((): Round[] => []);
      for (let i = 0; i < rounds; i++) {
        const order = i % 2 ? [...sizes].reverse() : sizes;
        for (const size of order) {
          found[size - 1].push(await round(size, messages, nodes, queue));
        }
      }
      console.log(
        `${messages} messages of 4 kB, a connection each, ${clients} at once, ` +
          `three brokers, all on ${navigator.hardwareConcurrency} processors; ` +
          `medians of ${rounds} interleaved rounds`,
      );
      for (const size of sizes) {
        const of = found[size - 1];
        const names = size === 1 ? "gate " : "gates";
        console.log(
          `${size} ${names}   ${told(of.map(({ into }) => into), "gates")}`,
        );
      }
      for (const size of sizes) {
        const of = found[size - 1];
        const names = size === 1 ? "drain " : "drains";
        console.log(
          `${size} ${names}  ${told(of.map(({ outOf }) => outOf), "drains")}`,
        );
      }
      const all = found.flat();
      const most = (kind: "gate" | "drain") =>
        Math.max(...all.map(({ memory }) => memory[kind])).toFixed(0);
      const brokers = nodes.map((node) => memoryOf(machineOf(node)));
      console.log(
        `memory at most: a gate ${most("gate")} MB, a drain ${most("drain")} ` +
          `MB, a broker ${Math.max(...brokers).toFixed(0)} MB`,
      );
      const port = freePort(), { url, options } = queueArgs(nodes);
      const gate = new Server([
        ...["serve", "-q", "-RHl0", "127.0.0.1", `${port}`, "smtpd"],
        ...["--me", "bench.example", "--rcpthosts", "foreign.example"],
        ...["--deliver", url, ...options],
      ]);
      try {
        await until("a gate listens", () => hears(port));
        const all = await waits(port);
        const at = (part: number) =>
          all[Math.floor(part * (all.length - 1))].toFixed(1);
        console.log(
          `one after the other: 250 after ${at(0.5)} ms, one in a hundred ` +
            `after ${at(0.99)} ms`,
        );
      } finally {
        await gate.stop();
      }
      await queue.close();
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};
