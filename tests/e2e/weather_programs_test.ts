/**
 * Bad weather: programs that cannot run, die, or leave others behind.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, peer, postern, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import {
  afterShell,
  byShell,
  fetchAll,
  isServed,
  quiet,
} from "../support/weather.ts";

/** By the name tcpserver, which looks for its program at each connection. */
function withTcpserver(
  folder: string,
  program: string[],
  fn: (gate: TestGate) => Promise<void>,
): Promise<void> {
  Deno.symlinkSync(postern, `${folder}/tcpserver`);
  return withGate([...quiet, "-v", "127.0.0.1", "0", ...program], {
    program: `${folder}/tcpserver`,
  }, fn);
}

const unable: [what: string, make: (path: string) => void, why: string][] = [
  ["is missing", () => {}, "file does not exist"],
  [
    "is not executable",
    (path) => Deno.writeTextFileSync(path, "#!/bin/sh\n", { mode: 0o644 }),
    "access denied",
  ],
  [
    "has no interpreter",
    (path) => Deno.writeTextFileSync(path, "#!/no/such\n", { mode: 0o755 }),
    "file does not exist",
  ],
  [
    "is no program",
    (path) => Deno.writeTextFileSync(path, "\0\0\0\0", { mode: 0o755 }),
    "exec format error",
  ],
  ["is a folder", (path) => Deno.mkdirSync(path), "access denied"],
];

for (const [what, make, why] of unable) {
  Deno.test(
    needing({}, `a program that ${what} drops the connection`),
    () =>
      inFolder(async (folder) => {
        const path = `${folder}/program`;
        make(path);
        await withTcpserver(folder, [path], async (gate) => {
          for (let i = 0; i < 2; i++) {
            assertEquals(await fetchAll(gate.port), "");
          }
          const one = `ok \\d+ \\S+ \\S+\\n` +
            `tcpserver: warning: dropping connection, ` +
            `unable to run ${path}: ${why}\\n` +
            `tcpserver: end \\d+ status 28416\\n`;
          await gate.logged(new RegExp(`(${one}(.|\\n)*){2}status: 0/40\\n$`));
          // Once it is there, it runs.
          await Deno.remove(path).catch(() => {});
          await Deno.symlink(peer("echo")!, path);
          assertEquals(await fetchAll(gate.port), "\n");
        });
      }),
  );
}

const ends: [what: string, script: string, said: string, status: number][] = [
  ["exits at once", "exit 3", "", 3 << 8],
  ["is killed", "printf hello; kill -9 $$", "hello", 9],
  ["closes its output early", "printf bye; exec >&- <&-; sleep 0.2", "bye", 0],
];

for (const [what, script, said, status] of ends) {
  Deno.test(
    needing({}, `a program that ${what} is only logged`),
    () =>
      withGate(
        [...quiet, "-v", "127.0.0.1", "0", "sh", "-c", script],
        {},
        async (gate) => {
          const answers = await Promise.all(
            Array.from({ length: 20 }, () => fetchAll(gate.port)),
          );
          for (const answer of answers) assertEquals(answer, said);
          const line = new RegExp(`end \\d+ status ${status}\\n`, "g");
          await until(
            "each end is logged",
            () => gate.log.match(line)?.length === 20,
          );
          await gate.logged(/status: 0\/40\n$/);
          assertEquals((await gate.stop()).code, 0);
        },
      ),
  );
}

Deno.test(
  needing({}, "a grandchild that keeps the socket outlives its program"),
  () =>
    withGate(
      [
        ...[...quiet, "-c1", "-v", "127.0.0.1", "0"],
        ...["sh", "-c", "exec 3<&0; (read l <&3; echo got $l) & exit 0"],
      ],
      {},
      async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        await gate.logged(/end \d+ status 0\ntcpserver: status: 0\/1\n$/);
        // Its program has ended: the one slot is free.
        const other = await SmtpClient.connect(gate.port);
        await gate.logged(/(end \d+ status 0\n(.|\n)*){2}/);
        other.close();
        await client.send("hello\n");
        assertEquals(await client.reply(), "got hello\n");
        client.close();
        // An orphan's end is not a child's.
        assertEquals(gate.log.match(/end \d+/g)!.length, 2);
        assertMatch(gate.log, /status: 0\/1\n$/);
      },
    ),
);

Deno.test(
  needing({}, "a program's other children are not counted"),
  () =>
    withGate(
      [
        ...[...quiet, "-v", "127.0.0.1", "0"],
        ...["sh", "-c", "for i in 1 2 3 4 5; do true & done; wait; echo done"],
      ],
      {},
      async (gate) => {
        for (let i = 0; i < 10; i++) {
          assertEquals(await fetchAll(gate.port), "done\n");
        }
        await gate.logged(/(end \d+ status 0\n(.|\n)*){10}status: 0\/40\n$/);
        assert(!/(end(.|\n)*){11}/.test(gate.log));
      },
    ),
);

for (const workers of ["1", "2"]) {
  Deno.test(
    needing(
      {},
      `a PATH that is no UTF-8 finds programs, and is theirs: ${workers} workers`,
    ),
    async () => {
      const serve = [...quiet, "--workers", workers, "127.0.0.1", "0"];
      const path = "PATH=$PATH:$(printf '/caf\\351')";
      const last = 'printf %s "${PATH##*/}" | od -An -tx1';
      const program = afterShell(path, [...serve, "sh", "-c", last]);
      await withGate(program, byShell, async ({ port }) => {
        assertEquals(await fetchAll(port), " 63 61 66 e9\n");
      });
      const smtpd = afterShell(path, [...serve, postern, "smtpd"]);
      await withGate(smtpd, byShell, async ({ port }) => {
        assert(await isServed(port));
      });
    },
  );
}

Deno.test(
  needing(
    { peers: ["prlimit"], root: true },
    "a process that cannot be had drops the connection",
  ),
  () =>
    withGate(
      [
        ...["--nproc=60", postern, "serve", "-1", "-u", "61234"],
        ...[...quiet, "-v", "-c", "100", "127.0.0.1", "0"],
        ...["sh", "-c", "printf '220 hello\\r\\n'; exec cat"],
      ],
      { program: "prlimit", asGiven: true },
      async (gate) => {
        const { port } = gate;
        const held: SmtpClient[] = [];
        for (;;) {
          const client = await SmtpClient.connect(port);
          if (await client.reply() === "") break;
          held.push(client);
        }
        const n = held.length;
        assert(n > 0);
        await gate.logged(RegExp(
          `status: ${n + 1}/100\ntcpserver: warning: dropping connection, ` +
            `unable to fork: temporary failure\ntcpserver: status: ${n}/100\n$`,
        ));
        held.pop()!.close();
        await gate.logged(
          RegExp(`end \\d+ status 0\n.*status: ${n - 1}/100\n$`),
        );
        await until("a process can be had again", () => isServed(port));
        held.forEach((each) => each.close());
      },
    ),
);
