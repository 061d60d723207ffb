/**
 * `--confine`: what is left to a gate that has started, in every thread, and
 * which gates are left alone.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const serve = ["-R", "-H", "-l", "here"];
const local = ["127.0.0.1", "0"];
const smtpd = ["smtpd", "--me", "here", "--rcpthosts", "here"];
const nobody = ["-u", "65534", "-g", "65534"];

interface Bonds {
  readonly privileges: string;
  readonly calls: string;
  readonly bounding: string;
  readonly effective: string;
}

/** Of each thread; equal ones once. */
function bondsOf(pid: number): Bonds[] {
  const all = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => {
    const status = Deno.readTextFileSync(`/proc/${pid}/task/${name}/status`);
    const field = (key: string) =>
      status.match(RegExp(`^${key}:\\s*(\\S+)`, "m"))![1];
    return {
      privileges: field("NoNewPrivs"),
      calls: field("Seccomp"),
      bounding: field("CapBnd"),
      effective: field("CapEff"),
    };
  });
  assert(all.length > 1, "no helper thread was there");
  const different = new Map(all.map((each) => [JSON.stringify(each), each]));
  return [...different.values()];
}

const none = "0000000000000000";
const bound = [{
  privileges: "1",
  calls: "2",
  bounding: none,
  effective: none,
}];

const isFree = (pid: number) =>
  bondsOf(pid).every(({ privileges, calls }) =>
    privileges === "0" && calls === "0"
  );

/** What a message to somebody is answered with, at its end or before. */
async function sent(gate: TestGate, recipient = "a@here"): Promise<string> {
  const client = await SmtpClient.connect(gate.port);
  await client.reply();
  let reply = "";
  for (
    const line of [
      ...["EHLO x", "MAIL FROM:<b@there>", `RCPT TO:<${recipient}>`, "DATA"],
      "Subject: x\r\n\r\n.",
    ]
  ) {
    reply = await client.ask(line);
    if (/^[45]/.test(reply)) break;
  }
  client.close();
  return reply;
}

for (const workers of [1, 2]) {
  for (const ids of [[], nobody]) {
    const who = `${ids.length > 0 ? "nobody" : "root"}, ${workers} workers`;
    Deno.test(
      needing({ root: true }, `every thread is bound: ${who}`),
      () =>
        inFolder(async (folder) => {
          if (ids.length > 0) await Deno.chown(folder, 65534, 65534);
          const args = [...serve, ...ids, "--workers", `${workers}`, ...local];
          const deliver = ["--deliver", `maildir:${folder}/Maildir`];
          await withGate([...args, ...smtpd, ...deliver], {}, async (gate) => {
            const { pid } = gate.child;
            const all = workers === 1 ? [pid] : childrenOf(pid);
            assertEquals(all.length, workers);
            for (const each of all) {
              assertEquals(bondsOf(each), bound);
              // Else whoever has the same ids could read our memory.
              const { uid } = await Deno.stat(`/proc/${each}/environ`);
              assertEquals(uid, 0);
            }
            assertMatch(await sent(gate), /^250/);
            const mail = [...Deno.readDirSync(`${folder}/Maildir/new`)];
            assertEquals(mail.length, 1);
            assertEquals(gate.log, "");
            assertEquals((await gate.stop()).code, 0);
          });
        }),
    );
  }
}

Deno.test(
  needing({ root: true }, "root that delivers to others keeps what that takes"),
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/user`, { mode: 0o700 });
      await Deno.chown(`${folder}/user`, 65534, 65534);
      const deliver = ["--deliver", `maildir:${folder}/{user}/Maildir`];
      const args = [...serve, ...local, ...smtpd, ...deliver];
      await withGate(args, {}, async (gate) => {
        assertMatch(await sent(gate, "user@here"), /^250/);
        assertMatch(await sent(gate, "other@here"), /^550/);
        const [{ bounding, effective }, ...others] = bondsOf(gate.child.pid);
        assertEquals(others, []);
        assertEquals([bounding, effective], [
          "00000000000000cf",
          "00000000000000cf",
        ]);
      });
    }),
);

Deno.test(
  needing({}, "a process of its own keeps its name and arguments"),
  () =>
    withGate([...serve, ...local, ...smtpd], {}, async (gate) => {
      const read = (file: string) =>
        Deno.readTextFile(`/proc/${gate.child.pid}/${file}`);
      assertEquals(await read("comm"), "postern\n");
      assertMatch(await read("cmdline"), /\0serve\0.*\0smtpd\0/);
    }),
);

Deno.test(
  needing({}, "a link out of the Maildir leads nowhere"),
  () =>
    inFolder(async (folder) => {
      const maildir = `${folder}/mail/Maildir`,
        elsewhere = `${folder}/elsewhere`;
      for (const path of [`${maildir}/tmp`, `${maildir}/cur`, elsewhere]) {
        await Deno.mkdir(path, { recursive: true });
      }
      await Deno.symlink(elsewhere, `${maildir}/new`);
      const deliver = ["--deliver", `maildir:${maildir}`];
      const args = [...local, ...smtpd, ...deliver];
      await withGate([...serve, ...args], {}, async (gate) => {
        assertMatch(await sent(gate), /^4/);
        assertEquals([...Deno.readDirSync(elsewhere)], []);
      });
    }),
);

Deno.test(
  needing({}, "a Maildir that is moved away is made anew"),
  () =>
    inFolder(async (folder) => {
      const deliver = ["--deliver", `maildir:${folder}/deep/er/Maildir`];
      const args = [...local, ...smtpd, ...deliver];
      await withGate([...serve, ...args], {}, async (gate) => {
        assertMatch(await sent(gate), /^250/);
        await Deno.remove(`${folder}/deep/er/Maildir`, { recursive: true });
        assertMatch(await sent(gate), /^4|^250/); // it may be told once
        assertMatch(await sent(gate), /^250/);
      });
    }),
);

/** A program that takes a message. */
async function queueProgram(folder: string): Promise<string> {
  const path = `${folder}/queue`;
  const script = "#!/bin/sh\ncat >/dev/null; cat <&1 >/dev/null; exit 0\n";
  await Deno.writeTextFile(path, script, { mode: 0o755 });
  return path;
}

async function rules(folder: string, text: string): Promise<string> {
  const cdb = `${folder}/rules.cdb`;
  const args = ["rules", "compile", cdb, `${folder}/tmp`];
  const { code } = await output(postern, args, { stdin: text });
  assertEquals(code, 0);
  return cdb;
}

Deno.test(
  needing(
    {},
    "a program that a rule names later is not run, and the log helps",
  ),
  () =>
    inFolder(async (folder) => {
      const queue = await queueProgram(folder);
      const cdb = await rules(folder, ":allow\n");
      const deliver = { env: { QMAILHOME: folder }, cwd: folder };
      const args = [...serve, "-x", cdb, ...local, ...smtpd];
      await withGate(args, deliver, async (gate) => {
        assertMatch(await sent(gate), /^250/);
        assertEquals(bondsOf(gate.child.pid)[0].calls, "2");
        await rules(folder, `:allow,QMAILQUEUE="${queue}"\n`);
        assertMatch(await sent(gate), /^451/);
        await gate.logged(/start it anew, or with --no-confine/);
      });
      // A start that finds it there leaves the gate alone.
      await withGate(args, deliver, async (gate) => {
        assertMatch(await sent(gate), /^250/);
        assert(isFree(gate.child.pid));
      });
    }),
);

for (
  const [name, args] of [
    ["--no-confine", ["--no-confine", ...local, ...smtpd]],
    ["a program", [...local, "cat"]],
    ["--isolate", ["--isolate", ...local, ...smtpd]],
    ["--checkpassword", [...local, ...smtpd, "--checkpassword", "/bin/true"]],
    ["a queue program", [...local, ...smtpd, "--deliver", "qmail-queue:/x"]],
  ] as const
) {
  Deno.test(
    needing({}, `a gate is left as it was started: ${name}`),
    () =>
      withGate([...serve, ...args], {}, (gate) => {
        assert(isFree(gate.child.pid));
        return Promise.resolve();
      }),
  );
}

Deno.test(
  needing({}, "the name tcpserver confines nothing"),
  () =>
    inFolder(async (folder) => {
      const name = `${folder}/tcpserver`;
      await Deno.symlink(postern, name);
      const program = [postern, ...smtpd];
      const args = ["-1", ...serve, ...local, ...program];
      const gate = await TestGate.start(args, { program: name, asGiven: true });
      try {
        assert(isFree(gate.child.pid));
        assertMatch(await sent(gate, "nobody@elsewhere"), /^553/);
      } finally {
        await gate.stop("SIGKILL");
      }
    }),
);

Deno.test(
  needing({ root: true }, "--confine takes privileges from programs too"),
  () =>
    inFolder(async (folder) => {
      const program = ["grep", "-E", "NoNewPrivs|Seccomp:|CapBnd|POSTERN"];
      const files = ["/proc/self/status", "/proc/self/environ"];
      const args = ["--confine", ...serve, ...local, ...program, ...files];
      await withGate(args, {}, async (gate) => {
        const conn = await Deno.connect({ port: gate.port });
        const text = await new Response(conn.readable).text();
        assertMatch(text, /NoNewPrivs:\t1\n/);
        assertMatch(text, /CapBnd:\t0+\n/);
        assertMatch(text, /Seccomp:\t0\n/);
        assert(!text.includes("environ"), text);
      });
      const setUid = await queueProgram(folder);
      await Deno.chmod(setUid, 0o4755);
      const deliver = [...smtpd, "--deliver", `qmail-queue:${setUid}`];
      for (const more of [[], ["--check"]]) {
        const { code, stderr } = await output(postern, [
          ...["serve", "--confine", ...more, ...serve, ...local, ...deliver],
        ]);
        assertEquals(code, 100, stderr);
        assertMatch(stderr, /--confine .*\/queue.*set-uid/);
      }
    }),
);

Deno.test(
  needing({ root: true }, "an executable that the new ids may not read"),
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/locked`, { mode: 0o700 });
      const own = `${folder}/locked/postern`;
      await Deno.link(postern, own).catch(() => Deno.copyFile(postern, own));
      const args = [...serve, ...nobody, ...local, ...smtpd];
      const options = { program: own, asGiven: true, cwd: "/" };
      const gate = await TestGate.start(["serve", "-1", ...args], options);
      try {
        await gate.logged(/unable to confine this process: .*may not read/);
        assert(isFree(gate.child.pid));
      } finally {
        await gate.stop("SIGKILL");
      }
      const all = ["serve", "--confine", ...args];
      const { code, stderr } = await output(own, all);
      assertEquals(code, 111, stderr);
    }),
);

Deno.test(
  needing({}, "what the kernel does not have is said once"),
  async () => {
    const program = new URL("../support/without_landlock.ts", import.meta.url);
    const run = ["run", "-A", "--no-check", fileURLToPath(program), postern];
    const args = [...run, "serve", "-1", ...serve, ...local, ...smtpd];
    const gate = await TestGate.start(args, {
      program: Deno.execPath(),
      asGiven: true,
    });
    try {
      await gate.logged(
        /unable to confine by Landlock: this kernel has none\n/,
      );
      assertEquals(gate.log.match(/confine/g)?.length, 1);
      assertEquals(bondsOf(gate.child.pid)[0].calls, "2");
      assertMatch(await sent(gate, "nobody@elsewhere"), /^553/);
    } finally {
      await gate.stop("SIGKILL");
    }
  },
);
