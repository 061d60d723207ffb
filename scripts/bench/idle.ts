/**
 * Memory of sessions that have been greeted and wait: the gate with the
 * built-in smtpd, and tcpserver with qmail-smtpd where QMAIL_SMTPD names one
 * (a tenth as many: each is a process). PSS of the server and its children.
 *
 * @module
 */
import { peer, postern, until } from "../../tests/support/peers.ts";
import type { Bench } from "./run.ts";

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

async function measure(
  name: string,
  command: string[],
  port: number,
  sessions: number,
): Promise<void> {
  const [program, ...args] = command;
  const folder = await Deno.makeTempDir();
  const server = new Deno.Command(program, {
    args,
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const conns: Deno.TcpConn[] = [];
  try {
    await until(`${name} listens`, async () => {
      try {
        (await wait(port)).close();
        return true;
      } catch {
        return false;
      }
    });
    const settle = () => new Promise((over) => setTimeout(over, 2000));
    for (let i = 0; i < 20; i++) (await wait(port)).close(); // warm
    await settle();
    const before = memoryOf(server.pid);
    while (conns.length < sessions) {
      const some = Array.from({ length: 20 }, () => wait(port));
      conns.push(...await Promise.all(some));
    }
    await settle();
    const grown = memoryOf(server.pid) - before;
    console.log(
      `${name.padEnd(24)} ${sessions} sessions: ${
        (grown / 1024).toFixed(1)
      } MB, ` +
        `${(grown / sessions).toFixed(1)} kB each (PSS; ${
          (before / 1024).toFixed(0)
        } MB without)`,
    );
  } finally {
    for (const conn of conns) conn.close();
    server.kill("SIGKILL");
    await server.status;
    await Deno.remove(folder, { recursive: true });
  }
}

export const bench: Bench = async ([sessions = 10_000]) => {
  const probe = Deno.listen({ port: 0 });
  const { port } = probe.addr;
  probe.close();
  const line = ["-q", `-c${sessions + 100}`, "-b1000", "-RHl0", "127.0.0.1"];
  await measure(
    "postern",
    [postern, "serve", ...line, `${port}`, "smtpd", "--deliver", "discard"],
    port,
    sessions,
  );
  const qmail = Deno.env.get("QMAIL_SMTPD"), tcpserver = peer("tcpserver");
  if (!qmail || !tcpserver) {
    console.log("left out: tcpserver + qmail-smtpd (set QMAIL_SMTPD)");
    return;
  }
  await measure(
    "tcpserver + qmail-smtpd",
    [tcpserver, ...line, `${port}`, qmail],
    port,
    sessions / 10,
  );
};
