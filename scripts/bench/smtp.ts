/**
 * One message a connection, 20 at once, thrown away. The rounds are
 * interleaved; medians and ratios are what counts. QMAIL_SMTPD names a
 * qmail-smtpd built for the purpose; without it that row is left out.
 *
 * @module
 */
import { peer, postern } from "../../tests/support/peers.ts";
import { median } from "./figures.ts";
import type { Bench } from "./run.ts";

const concurrency = 20;

interface Contestant {
  name: string;
  command: string[];
  env?: Record<string, string>;
}

interface Figures {
  perSecond: number;
  /** Of the server and what it started, in microseconds. */
  cpuPerMessage: number;
}

/** A queue program in C that reads what it is given and says yes. */
const discardingQueue = `
#include <unistd.h>
int main(void) {
  static char bytes[65536];
  while (read(0, bytes, sizeof bytes) > 0) ;
  while (read(1, bytes, sizeof bytes) > 0) ;
  return 0;
}`;

async function contestants(
  port: number,
  folder: string,
): Promise<Contestant[]> {
  const at = ["127.0.0.1", `${port}`];
  const list: Contestant[] = [{
    name: "postern",
    command: [
      ...[postern, "serve", "-q", "-c100", "-b100", "-RHl0", ...at],
      ...["smtpd", "--deliver", "discard"],
    ],
    env: { RELAYCLIENT: "" },
  }];
  const sink = peer("smtp-sink");
  if (sink) {
    const user = Deno.uid() === 0 ? ["-u", "postfix"] : []; // it insists
    list.push({
      name: "smtp-sink",
      command: [sink, ...user, at.join(":"), "100"],
    });
  }
  const qmail = Deno.env.get("QMAIL_SMTPD");
  const tcpserver = peer("tcpserver");
  if (qmail && tcpserver && peer("gcc")) {
    const source = `${folder}/queue.c`;
    await Deno.writeTextFile(source, discardingQueue);
    const built = await new Deno.Command("gcc", {
      args: ["-O2", "-o", `${folder}/queue`, source],
    }).output();
    if (!built.success) throw new Error("gcc cannot build the queue program");
    list.push({
      name: "tcpserver + qmail-smtpd",
      command: [tcpserver, "-q", "-c100", "-b100", "-RHl0", ...at, qmail],
      env: { RELAYCLIENT: "", QMAILQUEUE: `${folder}/queue` },
    });
  }
  return list;
}

/** CPU seconds of a process and its ended children (proc(5), fields 14 to 17). */
function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, x) => sum + Number(x), 0);
  return ticks / 100; // USER_HZ, 100 on every Linux
}

async function listening(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`nobody listens on ${port}`);
}

async function measure(
  who: Contestant,
  port: number,
  messages: number,
): Promise<Figures> {
  const [program, ...args] = who.command;
  const server = new Deno.Command(program, {
    args,
    env: who.env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await listening(port);
    const load = (count: number) =>
      new Deno.Command(peer("smtp-source")!, {
        args: [
          ...["-s", `${concurrency}`, "-m", `${count}`, "-l", "1000"],
          ...["-f", "a@sender.example", "-t", "b@foreign.example"],
          `127.0.0.1:${port}`,
        ],
      }).output();
    await load(messages / 10); // warm
    const cpu = cpuSeconds(server.pid), start = performance.now();
    const { success } = await load(messages);
    const seconds = (performance.now() - start) / 1000;
    if (!success) throw new Error(`smtp-source failed against ${who.name}`);
    return {
      perSecond: messages / seconds,
      cpuPerMessage: (cpuSeconds(server.pid) - cpu) / messages * 1e6,
    };
  } finally {
    server.kill("SIGKILL");
    await server.status;
  }
}

export const bench: Bench = async ([rounds = 7, messages = 5000]) => {
  if (!peer("smtp-source")) throw new Error("install postfix for smtp-source");
  const folder = await Deno.makeTempDir();
  const probe = Deno.listen({ port: 0 });
  const { port } = probe.addr;
  probe.close();
  try {
    const all = await contestants(port, folder);
    const figures = new Map(all.map((who) => [who.name, [] as Figures[]]));
    for (let round = 0; round < rounds; round++) {
      for (const who of all) {
        figures.get(who.name)!.push(await measure(who, port, messages));
      }
    }
    const of = (name: string) => ({
      perSecond: median(figures.get(name)!.map((f) => f.perSecond)),
      cpu: median(figures.get(name)!.map((f) => f.cpuPerMessage)),
    });
    const ours = of("postern");
    console.log(
      `${messages} messages, a connection each, ${concurrency} at once, discard; ` +
        `medians of ${rounds} interleaved rounds`,
    );
    for (const { name } of all) {
      const theirs = of(name);
      const versus = name === "postern"
        ? ""
        : `  postern has ${(ours.perSecond / theirs.perSecond).toFixed(2)}x ` +
          `the messages, ${(ours.cpu / theirs.cpu).toFixed(2)}x the CPU`;
      console.log(
        `${name.padEnd(24)} ${theirs.perSecond.toFixed(0).padStart(7)}/s ` +
          `${theirs.cpu.toFixed(0).padStart(6)} us CPU${versus}`,
      );
    }
    if (!Deno.env.get("QMAIL_SMTPD")) {
      console.log("left out: tcpserver + qmail-smtpd (set QMAIL_SMTPD)");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};
