/**
 * Bad weather: limits of the kernel (setrlimit(2)) whose signals would end the
 * process that all others rely on, and a terminal that would stop it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { afterShell, byShell, isServed, sleep } from "../support/weather.ts";

const local = ["-RHl0", "127.0.0.1", "0"];
const smtpd = ["smtpd", "--me", "here", "--deliver"];
/** 50 kB: blocks of 512 bytes for sh, of 1024 for bash. */
const fewBlocks = "ulimit -f 50";
const long = `Subject: x\r\n\r\n${"a line of text\r\n".repeat(8000)}.`;
const short = "Subject: x\r\n\r\n.";

/** The reply to the end of a message. */
async function send(port: number, text: string): Promise<string> {
  const client = await SmtpClient.connect(port);
  await client.reply();
  await client.ask("MAIL FROM:<>");
  await client.ask("RCPT TO:<a@here>");
  await client.ask("DATA");
  const reply = await client.ask(text);
  client.close();
  return reply;
}

/** Names in the tmp and new of a Maildir. */
const inMaildir = (path: string) =>
  ["tmp", "new"].map((part) => [...Deno.readDirSync(`${path}/${part}`)].length);

for (const workers of ["1", "2"]) {
  Deno.test(
    needing({}, `a message longer than files may be: 452, ${workers} workers`),
    () =>
      inFolder(async (folder) => {
        const serve = [
          ...["--workers", workers, ...local],
          ...[...smtpd, `maildir:${folder}/Maildir`],
        ];
        const gate = await TestGate.start(
          afterShell(fewBlocks, serve),
          byShell,
        );
        try {
          const pids = childrenOf(gate.child.pid);
          assertMatch(await send(gate.port, long), /^452 4\.3\.1 /);
          assertEquals(inMaildir(`${folder}/Maildir`), [0, 0]);
          assertMatch(await send(gate.port, short), /^250 /);
          assertEquals(inMaildir(`${folder}/Maildir`), [0, 1]);
          await gate.logged(/Maildir: file too large$/m);
          assertEquals(childrenOf(gate.child.pid), pids);
          assertEquals((await gate.stop()).code, 0);
        } finally {
          await gate.stop("SIGKILL");
        }
      }),
  );
}

Deno.test(
  needing({}, "the same of a file that a message waits in, and of smtpd alone"),
  () =>
    inFolder(async (folder) => {
      const talk = "MAIL FROM:<>\r\nRCPT TO:<a@here>\r\nDATA\r\n" +
        `${long}\r\nNOOP\r\nQUIT\r\n`;
      const recording = [
        ...["--authentication-results", "--deliver", "discard"],
      ];
      const ways = [["--deliver", `maildir:${folder}/Maildir`], recording];
      for (const way of ways) {
        const { code, stdout } = await output("/bin/sh", [
          ...["-c", `${fewBlocks}; exec "$@"`, "sh"],
          ...[postern, "smtpd", "--me", "here", ...way],
        ], { stdin: talk, env: { TMPDIR: folder, TCPREMOTEIP: "127.0.0.1" } });
        assertMatch(stdout, /^452 4\.3\.1 .*\r\n250 .*\r\n221 /m, way[0]);
        assertEquals(code, 0);
      }
      assertEquals([...Deno.readDirSync(folder)].length, 1);
    }),
);

Deno.test(
  needing({}, "a log that may not grow loses lines, and tells when it may"),
  () =>
    inFolder(async (folder) => {
      const log = `${folder}/log`;
      const gate = await TestGate.start(
        afterShell(`ulimit -f 4; exec 2>>${log}`, [
          ...["-v", ...local, ...smtpd, "discard"],
        ]),
        byShell,
      );
      try {
        const size = () => Deno.statSync(log).size;
        let before = -1;
        while (size() > before) {
          before = size();
          for (let i = 0; i < 8; i++) assert(await isServed(gate.port));
          await sleep(50);
        }
        await Deno.truncate(log); // what rotates it
        assert(await isServed(gate.port));
        await until("how many were lost", () =>
          /^tcpserver: warning: \d+ log lines dropped$/m
            .test(Deno.readTextFileSync(log)));
        assertEquals((await gate.stop()).code, 0);
      } finally {
        await gate.stop("SIGKILL");
      }
    }),
);

Deno.test(
  needing({}, "a pidfile that may not be written is 111, and leaves nothing"),
  () =>
    inFolder(async (folder) => {
      for (const workers of ["1", "2"]) {
        const { code, stderr } = await output("/bin/sh", [
          ...["-c", `ulimit -f 0; exec "$@" 2>&1 | cat >&2`, "sh"],
          ...[postern, "serve", "--workers", workers],
          ...["--pidfile", `${folder}/pid`, ...local, ...smtpd, "discard"],
        ]);
        assertMatch(stderr, /^tcpserver: fatal: .*pid: file too large\n$/);
        assertEquals([code, [...Deno.readDirSync(folder)]], [0, []]);
      }
    }),
);

for (const name of ["postern rules", "tcprules"]) {
  Deno.test(
    needing({}, `rules that would be too long leave the old ones: ${name}`),
    () =>
      inFolder(async (folder) => {
        await Deno.symlink(postern, `${folder}/tcprules`);
        const tcprules = name === "tcprules";
        const command = tcprules
          ? [`${folder}/tcprules`, `${folder}/cdb`, `${folder}/tmp`]
          : [postern, "rules", "compile", "-o", `${folder}/cdb`];
        const compile = (before: string, rules: number) =>
          output("/bin/sh", ["-c", `${before}; exec "$@"`, "sh", ...command], {
            stdin: Array.from(
              { length: rules },
              (_, i) => `10.0.${i >> 8}.${i & 255}:allow\n`,
            ).join(""),
          });
        assertEquals((await compile(":", 10)).code, 0);
        const good = await Deno.readFile(`${folder}/cdb`);
        const { code, stderr } = await compile(fewBlocks, 5000);
        assertEquals(code, 111);
        assertMatch(stderr, /fatal: unable to write .*: file too large\n$/);
        assertEquals(await Deno.readFile(`${folder}/cdb`), good);
        assertEquals([...Deno.readDirSync(folder)].length, 2);
      }),
  );
}

Deno.test(
  needing({}, "splogger goes on when its copy on stderr may not grow"),
  () =>
    inFolder(async (folder) => {
      const socket = `${folder}/log`;
      const listener = Deno.listenDatagram({
        transport: "unixpacket",
        path: socket,
      });
      const lines = 200;
      const splogging = output("/bin/sh", [
        ...["-c", `ulimit -f 1; exec "$@" 2>${folder}/copy`, "sh"],
        ...[postern, "splogger", "--stderr", "--socket", socket, "tag"],
      ], { stdin: "a line of text\n".repeat(lines) });
      let received = 0;
      const receiving = (async () => {
        while (received < lines) {
          await listener.receive();
          received++;
        }
      })();
      const { code } = await splogging;
      await Promise.race([receiving, sleep(1000)]);
      assertEquals([code, received], [0, lines]);
      listener.close();
    }),
);

Deno.test(
  needing({ peers: ["prlimit"] }, "a soft limit of CPU time is told once"),
  async () => {
    const limited = { program: "prlimit", asGiven: true };
    const serve = [postern, "serve", "-1", "-Q", ...local, ...smtpd, "discard"];
    await withGate(["--cpu=1:", ...serve], limited, async (gate) => {
      // The kernel says it once a second of time that is used.
      while (!/CPU time/.test(gate.log)) {
        await Promise.all(Array.from({ length: 8 }, () => isServed(gate.port)));
      }
      gate.child.kill("SIGXCPU");
      assert(await isServed(gate.port));
      await sleep(50);
      assertEquals(gate.log.match(/CPU time/g)?.length, 1);
      assertEquals((await gate.stop()).code, 0);
    });
  },
);

const fromOutside = ["SIGXFSZ", "SIGXCPU", "SIGTTIN", "SIGTTOU"] as const;

for (const workers of ["1", "2"]) {
  Deno.test(
    needing({}, `such signals neither end nor stop it, ${workers} workers`),
    () =>
      withGate(
        ["--workers", workers, ...local, ...smtpd, "discard"],
        {},
        async (gate) => {
          const pids = [gate.child.pid, ...childrenOf(gate.child.pid)];
          for (const pid of pids) {
            for (const signal of fromOutside) Deno.kill(pid, signal);
          }
          await sleep(50);
          for (let i = 0; i < 4; i++) assert(await isServed(gate.port));
          for (const pid of pids) {
            const status = Deno.readTextFileSync(`/proc/${pid}/status`);
            assertMatch(status, /^State:\t[RS]/m);
          }
          gate.child.kill("SIGUSR2"); // which is for its workers
          await gate.logged(
            RegExp(`(^postern: turns .*\\n){${workers}}`, "m"),
          );
          assertEquals((await gate.stop()).code, 0);
        },
      ),
  );
}
