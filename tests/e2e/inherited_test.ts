/**
 * What whoever started a gate had open, and was allowed, does not reach a
 * program, unless it was meant to.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";
import { afterShell, byShell, descriptorsOf } from "../support/weather.ts";

const local = ["-RHl0", "127.0.0.1", "0"];
const uid = 65534;

async function answer(gate: TestGate): Promise<string> {
  const conn = await Deno.connect({ port: gate.port });
  return await new Response(conn.readable).text();
}

/** What a program says of itself under a gate that a command starts. */
async function told(
  [program, ...args]: string[],
  act: (text: string, gate: TestGate) => void = () => {},
): Promise<string> {
  const gate = await TestGate.start(args, { program, asGiven: true });
  try {
    const text = await answer(gate);
    act(text, gate);
    return text;
  } finally {
    await gate.stop("SIGKILL");
  }
}

const numbers = ["sh", "-c", "exec ls /proc/self/fd"];
/** 3 is that of the folder it reads. */
const usual = "0\n1\n2\n3\n";

for (const workers of ["1", "2"]) {
  Deno.test(
    needing({}, `no descriptor that nobody meant, ${workers} workers`),
    () =>
      inFolder(async (folder) => {
        const secret = `${folder}/secret`;
        await Deno.writeTextFile(secret, "secret", { mode: 0o600 });
        const open = `exec 4<${secret} 7<${secret} 9>>${secret}`;
        const serve = ["--workers", workers, ...local, ...numbers];
        const command = ["/bin/sh", ...afterShell(open, serve)];
        await told(command, (text, { child: { pid } }) => {
          assertEquals(text, usual);
          const pids = [pid, ...childrenOf(pid)];
          assertEquals(pids.flatMap(descriptorsOf).includes(secret), false);
        });
      }),
  );
}

Deno.test(
  needing({}, "under the name tcpserver all is handed on, as by the real one"),
  () =>
    inFolder(async (folder) => {
      const name = `${folder}/tcpserver`;
      await Deno.symlink(postern, name);
      const script = 'exec 7</etc/passwd; exec "$@"';
      const command = ["sh", name, "-1", ...local, ...numbers];
      const text = await told(["/bin/sh", "-c", script, ...command]);
      assertMatch(text, /^7$/m);
    }),
);

Deno.test(
  needing({}, "a descriptor that an option names is read, and not handed on"),
  () =>
    inFolder(async (folder) => {
      const text = `127.0.0.1:allow,WHO="it is you"\n:deny\n`;
      const made = await output(postern, [
        ...["rules", "compile", "-o", `${folder}/cdb`],
      ], { stdin: text });
      assertEquals(made.code, 0);
      const serve = [
        ...["--ready-fd", "5", "-x", "/dev/fd/7", ...local],
        ...["sh", "-c", 'echo "$WHO"; exec ls /proc/self/fd'],
      ];
      const open = `exec 5>${folder}/ready 7<${folder}/cdb`;
      await told(["/bin/sh", ...afterShell(open, serve)], (text, gate) => {
        assertEquals(text, `it is you\n${usual}`);
        assert(descriptorsOf(gate.child.pid).includes(`${folder}/cdb`));
      });
      assertEquals(await Deno.readTextFile(`${folder}/ready`), "\n");
    }),
);

Deno.test(
  needing({}, "nor does a queue program get one, but qmail-smtpd's"),
  () =>
    inFolder(async (folder) => {
      const queue = `${folder}/queue`;
      const script = "#!/bin/sh\ncat > /dev/null; cat <&1 > /dev/null\n" +
        `exec ls /proc/self/fd > ${folder}/numbers\n`;
      await Deno.writeTextFile(queue, script, { mode: 0o755 });
      const stdin = "MAIL FROM:<>\r\nRCPT TO:<a@here>\r\nDATA\r\n.\r\nQUIT\r\n";
      const env = { QMAILQUEUE: queue };
      const handedOn = async (...more: string[]) => {
        const { stdout } = await output("/bin/sh", [
          ...["-c", 'exec 7</etc/passwd; exec "$@"', "sh"],
          ...[postern, "smtpd", "--me", "here", ...more],
        ], { stdin, env });
        assertMatch(stdout, /^250 .*\b\d+\r\n221/m);
        return await Deno.readTextFile(`${folder}/numbers`);
      };
      assertEquals(await handedOn(), "0\n1\n2\n3\n6\n");
      assertMatch(await handedOn("--classic"), /^7$/m);
    }),
);

/** Those that a user was given, systemd's AmbientCapabilities= for one. */
const given = ["net_bind_service", "dac_override", "setuid", "setgid"]
  .map((name) => `+${name}`).join();
const asUser = [
  ...["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"],
  ...["--inh-caps", given, "--ambient-caps", given],
];
const sets = ["sh", "-c", "exec grep Cap /proc/self/status"];
const setOf = (text: string, name: string) =>
  BigInt(`0x${text.match(RegExp(`Cap${name}:\\t(\\w+)`))![1]}`);
const needs = { root: true, peers: ["setpriv"] };

Deno.test(
  needing(needs, "capabilities of a user bind the port, and go no further"),
  () =>
    told(
      [...asUser, postern, "serve", "-1", ...local, ...sets],
      (text, gate) => {
        for (const name of ["Inh", "Prm", "Eff", "Amb"]) {
          assertEquals(setOf(text, name), 0n, name);
        }
        const own = Deno.readTextFileSync(`/proc/${gate.child.pid}/status`);
        // Files of others may be its work.
        assertEquals(setOf(own, "Eff"), 1n << 1n);
      },
    ).then(() => {}),
);

for (const workers of ["1", "2"]) {
  Deno.test(
    needing(needs, `-u leaves no capability to come by, ${workers} workers`),
    async () => {
      const serve = ["-1", "--workers", workers, "-u", "65533", ...local];
      for (const before of [[], [...asUser, "--bounding-set", given]]) {
        const setpcap = before.length === 0;
        const text = await told([
          ...before,
          ...[postern, "serve", ...serve, ...sets],
        ]);
        for (const name of ["Inh", "Prm", "Eff", "Amb"]) {
          assertEquals(setOf(text, name), 0n, name);
        }
        // Who may not take from that set has it as it was.
        if (setpcap) assertEquals(setOf(text, "Bnd"), 0n);
      }
    },
  );
}

Deno.test(
  needing(needs, "a program that is set-uid to root stays so, if it is named"),
  () =>
    inFolder(async (folder) => {
      const program = `${folder}/checkpassword`;
      await Deno.copyFile("/bin/cat", program);
      await Deno.chmod(program, 0o4755);
      const file = `${folder}/locked`;
      await Deno.writeTextFile(file, "opened", { mode: 0o600 });
      await Deno.chown(file, 1, 1);
      const text = await told([
        ...[postern, "serve", "-1", "-u", `${uid}`, ...local],
        ...["sh", "-c", '"$0" "$1"', program, file],
      ]);
      assertEquals(text, "opened");
    }),
);

Deno.test(
  needing({}, "what a shell ignores in the background, a program ignores too"),
  async () => {
    const ignored = ["sh", "-c", "exec grep SigIgn /proc/self/status"];
    for (const [signals, mask] of [["INT QUIT", 6], ["QUIT", 4]] as const) {
      const gate = await TestGate.start(
        afterShell(`trap '' ${signals}`, [...local, ...ignored]),
        byShell,
      );
      gate.child.kill("SIGUSR1");
      if (mask === 6) gate.child.kill("SIGINT"); // means others
      assertEquals(await answer(gate), `SigIgn:\t000000000000000${mask}\n`);
      const signal = mask === 6 ? "SIGTERM" : "SIGINT";
      assertEquals((await gate.stop(signal)).code, 0);
    }
  },
);
