/**
 * Starting, being ready, several processes, handing over, ending.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const smtpd = ["smtpd", "--deliver", "discard"];
const local = ["-RHl0", "127.0.0.1"];

/** The last of its status lines; the workers write others between them. */
const lastStatus = ({ log }: TestGate) => log.match(/status: .+/g)?.at(-1);

/** Whether each thread of a process has taken notice of SIGSTOP. */
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return [...Deno.readDirSync(tasks)].every(({ name }) =>
    /^State:\s+T/m.test(Deno.readTextFileSync(`${tasks}/${name}/status`))
  );
}

/** What a pipe holds (pipe(7)). */
const pipePages = 16;

async function greeted(port: number): Promise<boolean> {
  const client = await SmtpClient.connect(port);
  const reply = await client.reply();
  client.close();
  return reply.startsWith("220");
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

for (
  const program of [smtpd, ["sh", "-c", "printf '220 hello\\r\\n'; read l"]]
) {
  Deno.test(
    needing({}, `workers share a port, and are replaced: ${program[0]}`),
    () =>
      withGate(
        ["-v", "--workers", "3", ...local, "0", ...program],
        {},
        async (gate) => {
          const workers = childrenOf(gate.child.pid);
          assertEquals(workers.length, 3);
          for (let i = 0; i < 20; i++) assert(await greeted(gate.port));
          const held = await SmtpClient.connect(gate.port);
          await until("a status", () => lastStatus(gate) === "status: 1/40");
          held.close();
          await until("a status", () => lastStatus(gate) === "status: 0/40");
          Deno.kill(workers[0], "SIGKILL");
          await gate.logged(
            /worker \d ended with status 9, starting it again in 1 s\n/,
          );
          await until("a new worker", () => {
            const now = childrenOf(gate.child.pid);
            return now.length === 3 && !now.includes(workers[0]);
          });
          for (let i = 0; i < 20; i++) assert(await greeted(gate.port));
          const all = childrenOf(gate.child.pid);
          assertEquals((await gate.stop()).code, 0);
          assertEquals(all.filter(isRunning), []);
        },
      ),
  );
}

for (const program of [smtpd, ["sh", "-c", "printf '220 hello\\r\\n'"]]) {
  Deno.test(
    needing({}, `workers are replaced after an upgrade: ${program[0]}`),
    () =>
      inFolder(async (folder) => {
        const file = `${folder}/postern`;
        await Deno.copyFile(postern, file);
        await withGate(
          ["serve", "-1", "--workers", "2", ...local, "0", ...program],
          { program: file, asGiven: true },
          async (gate) => {
            // Another file under the same name.
            await Deno.link(file, `${folder}/next`);
            await Deno.remove(file);
            await Deno.rename(`${folder}/next`, file);
            const old = childrenOf(gate.child.pid);
            for (const pid of old) Deno.kill(pid, "SIGKILL");
            await until("new workers", async () => {
              const now = childrenOf(gate.child.pid);
              return now.length === 2 && !now.some((pid) =>
                old.includes(pid)
              ) &&
                await greeted(gate.port).catch(() => false);
            });
            assertEquals((await gate.stop()).code, 0);
            assert(!/binary/.test(gate.log), gate.log);
          },
        );
      }),
  );
}

Deno.test(
  needing({}, "SIGHUP ends no worker that has just been started"),
  () =>
    withGate(
      ["--workers", "2", ...local, "0", ...smtpd],
      {},
      async (gate) => {
        const old = childrenOf(gate.child.pid);
        for (const pid of old) Deno.kill(pid, "SIGKILL");
        await until("new workers", async () => {
          gate.child.kill("SIGHUP");
          const now = childrenOf(gate.child.pid);
          return now.length === 2 && !now.some((pid) => old.includes(pid)) &&
            await greeted(gate.port).catch(() => false);
        });
        assert(!/status 1\D/.test(gate.log), gate.log);
        assertEquals((await gate.stop()).code, 0);
      },
    ),
);

Deno.test(
  needing({}, "workers go on while nobody reads what they report"),
  () =>
    withGate(
      ["--workers", "2", ...local, "0", ...smtpd],
      {},
      async (gate) => {
        gate.child.kill("SIGSTOP");
        await until("it stands still", () => isStopped(gate.child.pid));
        const full: Promise<void>[] = [];
        for (const pid of childrenOf(gate.child.pid)) {
          const pipe = await Deno.open(`/proc/${pid}/fd/3`, { write: true });
          let pages = 0;
          full.push((async () => {
            for (; pages <= pipePages; pages++) {
              await pipe.write(new Uint8Array(4096).fill(10));
            }
            pipe.close();
          })());
          await until("a full pipe", () => pages === pipePages);
        }
        for (let i = 0; i < 20; i++) assert(await greeted(gate.port));
        gate.child.kill("SIGCONT");
        await Promise.all(full);
        assertEquals((await gate.stop()).code, 0);
      },
    ),
);

for (const workers of ["1", "2"]) {
  Deno.test(
    needing({}, `a grace of weeks is a long one: ${workers} workers`),
    () =>
      withGate(
        [
          ...["--workers", workers, "--grace", "3000000"],
          ...[...local, "0", ...smtpd],
        ],
        {},
        async (gate) => {
          const client = await SmtpClient.connect(gate.port);
          assertMatch(await client.reply(), /^220/);
          gate.child.kill("SIGTERM");
          await until(
            "the port to be closed",
            () => greeted(gate.port).then(() => false, () => true),
          );
          assertMatch(await client.ask("NOOP"), /^250/);
          assertMatch(await client.ask("QUIT"), /^221/);
          assertEquals((await gate.child.status).code, 0);
        },
      ),
  );
}

Deno.test(
  needing({}, "workers that have sessions to end are said to be stopping"),
  () =>
    inFolder(async (folder) => {
      const told = Deno.listenDatagram({
        transport: "unixpacket",
        path: `${folder}/notify`,
      });
      await withGate(
        ["--workers", "2", "--grace", "1000", ...local, "0", ...smtpd],
        { env: { NOTIFY_SOCKET: `${folder}/notify` } },
        async (gate) => {
          const message = async () =>
            new TextDecoder().decode((await told.receive())[0]);
          assertEquals(await message(), "READY=1");
          const client = await SmtpClient.connect(gate.port);
          assertMatch(await client.reply(), /^220/);
          gate.child.kill("SIGTERM");
          assertEquals(await message(), "STOPPING=1");
          assertMatch(await client.ask("QUIT"), /^221/);
          assertEquals((await gate.child.status).code, 0);
        },
      );
      told.close();
    }),
);

Deno.test(
  needing({}, "workers end when nobody watches over them"),
  () =>
    withGate(
      ["--workers", "2", ...local, "0", ...smtpd],
      {},
      async (gate) => {
        const workers = childrenOf(gate.child.pid);
        assertEquals(workers.length, 2);
        await gate.stop("SIGKILL");
        await until("they are gone", () => !workers.some(isRunning));
      },
    ),
);

Deno.test(needing({}, "workers that cannot start end the gate"), async () => {
  const port = "not-a-service";
  const wrong = await output(postern, [
    ...["serve", "--workers", "2", ...local, port, ...smtpd],
  ]);
  assertEquals([wrong.code, wrong.stderr], [
    111,
    `tcpserver: fatal: unable to figure out port number for ${port}\n`,
  ]);
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const busy = await output(postern, [
    ...["serve", "--workers", "2", ...local, `${taken.addr.port}`, ...smtpd],
  ]);
  taken.close();
  assertEquals([busy.code, busy.stderr], [
    111,
    "tcpserver: fatal: unable to bind: address already used\n",
  ]);
});

Deno.test(
  needing({}, "a second gate takes the port over without a refusal"),
  async () => {
    const args = ["--workers", "2", ...local];
    const first = await TestGate.start([...args, "0", ...smtpd]);
    let second: TestGate | undefined;
    try {
      let going = true, served = 0;
      const clients = (async () => {
        while (going) {
          assert(await greeted(first.port), "a refusal");
          served++;
        }
      })();
      second = await TestGate.start([...args, `${first.port}`, ...smtpd]);
      assertEquals(second.port, first.port);
      const before = served;
      await until("some sessions", () => served > before + 50);
      assertEquals((await first.stop()).code, 0);
      const after = served;
      await until("some sessions", () => served > after + 50);
      going = false;
      await clients;
    } finally {
      await first.stop("SIGTERM");
      await second?.stop();
    }
  },
);

Deno.test(
  needing({}, "readiness by descriptor and by sd_notify"),
  () =>
    inFolder(async (folder) => {
      const told = Deno.listenDatagram({
        transport: "unixpacket",
        path: `${folder}/notify`,
      });
      for (const workers of ["1", "2"]) {
        const gate = await TestGate.start([
          "-c",
          `exec ${postern} serve -1 --ready-fd 7 --workers ${workers} ` +
          `${local.join(" ")} 0 env 7>${folder}/ready`,
        ], {
          program: "/bin/sh",
          asGiven: true,
          env: { NOTIFY_SOCKET: `${folder}/notify` },
        });
        const message = async () =>
          new TextDecoder().decode((await told.receive())[0]);
        assertEquals(await message(), "READY=1");
        assertEquals(await Deno.readTextFile(`${folder}/ready`), "\n");
        const conn = await Deno.connect({ port: gate.port });
        const env = await new Response(conn.readable).text();
        assert(!/NOTIFY_SOCKET|POSTERN_(WORKER|TEXT)/.test(env), env);
        assertEquals((await gate.stop()).code, 0);
        assertEquals(await message(), "STOPPING=1");
      }
      told.close();
    }),
);

for (const program of [smtpd, ["sh", "-c", "printf '220 hello\\r\\n'"]]) {
  Deno.test(
    needing(
      { peers: ["python3"] },
      `a socket that is handed over: ${program[0]}`,
    ),
    () =>
      withGate(["-c", handOver, postern, ...local, "0", ...program], {
        program: "python3",
        asGiven: true,
      }, async (gate) => {
        for (let i = 0; i < 5; i++) assert(await greeted(gate.port));
        assertEquals((await gate.stop()).code, 0);
      }),
  );
}

/** What systemd does for a socket unit: listen, then execute. */
const handOver = `
import os, socket, sys
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], ["postern", "serve"] + sys.argv[2:])
`;

Deno.test(
  needing({}, "who waits in the queue at the end is still let in"),
  () =>
    withGate(["-c1", ...local, "0", ...smtpd], {}, async (gate) => {
      const first = await SmtpClient.connect(gate.port);
      assertMatch(await first.reply(), /^220/);
      gate.child.kill("SIGTERM");
      assertMatch(await first.ask("NOOP"), /^250/);
      assertMatch(await first.ask("QUIT"), /^221/);
      assertEquals((await gate.child.status).code, 0);
    }),
);
