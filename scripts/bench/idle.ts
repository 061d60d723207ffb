/**
 * Memory of sessions that have said EHLO and wait: the gate with the built-in
 * smtpd, and tcpserver with qmail-smtpd where QMAIL_SMTPD names one (a tenth as
 * many: each is a process). PSS of the server and its children. POSTERN_BEFORE
 * names another postern to compare.
 *
 * @module
 */
import { peer, until } from "../../tests/support/peers.ts";
import { executables, freePort } from "./contestant.ts";
import { median } from "./figures.ts";
import type { Bench } from "./run.ts";

const rounds = 3;
/** Sessions that are opened at the same time. */
const atOnce = 20;
const settleMs = 2000;

interface Server {
  readonly name: string;
  /** Its command line for a port and so many sessions. */
  readonly command: (port: number, sessions: number) => string[];
  /** Of as many sessions as the gate has. */
  readonly part: number;
}

interface Memory {
  /** In kB: of the server without sessions, and what one session adds. */
  readonly alone: number;
  readonly session: number;
}

/** Proportional set size in kB of a process and its children. */
function memoryOf(pid: number): number {
  const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const own = Number(/^Pss:\s+(\d+)/m.exec(rollup)![1]);
  return childrenOf(pid).reduce((sum, child) => sum + memoryOf(child), own);
}

function childrenOf(pid: number): number[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) =>
    Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`)
      .split(" ").filter(Boolean).map(Number)
  );
}

/** Connects, waits for the greeting, and says EHLO. */
async function wait(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(512);
  await conn.read(buffer);
  await conn.write(new TextEncoder().encode("EHLO idle.example\r\n"));
  await conn.read(buffer);
  return conn;
}

async function measure(server: Server, sessions: number): Promise<Memory> {
  const port = freePort();
  const [program, ...args] = server.command(port, sessions);
  const folder = await Deno.makeTempDir();
  const child = new Deno.Command(program, {
    args,
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const conns: Deno.TcpConn[] = [];
  try {
    await until(`${server.name} to listen`, async () => {
      try {
        (await wait(port)).close();
        return true;
      } catch {
        return false;
      }
    });
    const settle = () => new Promise((over) => setTimeout(over, settleMs));
    for (let i = 0; i < atOnce; i++) (await wait(port)).close(); // warm
    await settle();
    const alone = memoryOf(child.pid);
    while (conns.length < sessions) {
      const some = Array.from({ length: atOnce }, () => wait(port));
      conns.push(...await Promise.all(some));
    }
    await settle();
    const session = (memoryOf(child.pid) - alone) / conns.length;
    return { alone, session };
  } finally {
    child.kill("SIGKILL");
    await child.status;
    for (const conn of conns) conn.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function servers(): Server[] {
  const line = (port: number, sessions: number) => [
    ...["-q", `-c${sessions + 100}`, "-b1000", "-RHl0"],
    ...["127.0.0.1", `${port}`],
  ];
  const list = executables().map(({ name, path }): Server => ({
    name,
    command: (port, sessions) => [
      ...[path, "serve", ...line(port, sessions)],
      ...["smtpd", "--deliver", "discard"],
    ],
    part: 1,
  }));
  const qmail = Deno.env.get("QMAIL_SMTPD"), tcpserver = peer("tcpserver");
  if (!qmail || !tcpserver) {
    console.log("left out: tcpserver + qmail-smtpd (set QMAIL_SMTPD)");
    return list;
  }
  return [...list, {
    name: "tcpserver + qmail-smtpd",
    command: (port, sessions) => [tcpserver, ...line(port, sessions), qmail],
    part: 1 / 10,
  }];
}

export const bench: Bench = async (counts) => {
  const all = servers();
  for (const sessions of counts.length > 0 ? counts : [4000, 10_000]) {
    const found = all.map((): Memory[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, server] of all.entries()) {
        found[i].push(await measure(server, sessions * server.part));
      }
    }
    console.log(
      `${sessions} sessions that wait after EHLO, PSS; ` +
        `medians of ${rounds} interleaved rounds`,
    );
    const each = found.map((of) => median(of.map(({ session }) => session)));
    for (const [i, { name }] of all.entries()) {
      const alone = median(found[i].map((of) => of.alone)) / 1024;
      const versus = i === 0
        ? ""
        : `  postern has ${(each[0] / each[i]).toFixed(3)}x`;
      console.log(
        `${name.padEnd(24)} ${each[i].toFixed(1).padStart(6)} kB a session ` +
          `(${alone.toFixed(0)} MB without)${versus}`,
      );
    }
  }
};
