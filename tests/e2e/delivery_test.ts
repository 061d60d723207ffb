/**
 * Mail through the executable, by real clients, into real targets.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import {
  inFolder,
  needing,
  output,
  peer,
  postern,
  until,
} from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const relay = { RELAYCLIENT: "" };
const smtpd = ["-RHl0", "127.0.0.1", "0", "smtpd"];
/** Received lines: qmail's form, postern's default. */
const received =
  /^Received: from unknown \(HELO \S+\) \(127\.0\.0\.1\)\n {2}by 0 with E?SMTP( id [\da-z-]+)?; \d\d? \w{3} \d{4} [\d:]{8} -0000$/m;

const names = (folder: string) => {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
};

/** A program that keeps its fd 0 and fd 1 in files named by its pid. */
async function recorder(folder: string): Promise<string> {
  const path = `${folder}/recorder`;
  await Deno.writeTextFile(
    path,
    `#!/bin/sh\ncat > ${folder}/message.$$ && cat <&1 > ${folder}/envelope.$$\n`,
  );
  await Deno.chmod(path, 0o755);
  return path;
}

const swaks = (port: number, ...more: string[]) =>
  output("swaks", [
    ...["--server", "127.0.0.1", "--port", `${port}`, "--timeout", "20"],
    ...["--from", "a@sender.example", "--to", "b@foreign.example"],
    ...["--helo", "client.example", "--h-Subject", "hello"],
    ...more,
  ]);

for (
  const [how, program] of [
    ["in process", (_: string) => Promise.resolve(["smtpd"])],
    ["executed with --isolate", (_: string) => Promise.resolve(["smtpd"])],
    ["as another file, so an external program", async (folder: string) => {
      await Deno.copyFile(postern, `${folder}/qmail-smtpd`);
      return [`${folder}/qmail-smtpd`];
    }],
  ] as const
) {
  Deno.test(
    needing(
      { peers: ["swaks"] },
      `a queue program gets the message on 0 and the envelope on 1: smtpd ${how}`,
    ),
    () =>
      inFolder(async (folder) => {
        const isolate = how.includes("isolate") ? ["--isolate"] : [];
        await withGate(
          [
            ...isolate,
            "-v",
            "-RHl0",
            "127.0.0.1",
            "0",
            ...await program(folder),
          ],
          {
            cwd: folder,
            env: {
              ...relay,
              QMAILQUEUE: await recorder(folder),
              QMAILHOME: `${folder}/none`,
            },
          },
          async (gate) => {
            const sent = await swaks(gate.port, "--body", "one\n.two\n");
            assertMatch(sent.stdout, /<- {2}250 (2\.\d\.\d )?ok/i, sent.stdout);
            await gate.logged(/end \d+ status 0/);
            const [envelope] = names(folder).filter((n) => /^env/.test(n));
            assertEquals(
              await Deno.readTextFile(`${folder}/${envelope}`),
              "Fa@sender.example\0Tb@foreign.example\0\0",
            );
            const [message] = names(folder).filter((n) => /^mess/.test(n));
            const text = await Deno.readTextFile(`${folder}/${message}`);
            assertMatch(text, received);
            assertMatch(text, /^Received: /);
            assertMatch(text, /^Subject: hello$/m);
            assertMatch(text, /\n\none\n\.two\n/);
            assert(!text.includes("\r"), "LF line ends alone");
          },
        );
      }),
  );
}

Deno.test(
  needing({}, "several workers make the same Maildirs at once"),
  () =>
    inFolder(async (folder) => {
      const template = `maildir:${folder}/{user}/deep/Maildir`;
      await withGate(
        [
          ...["--workers", "3", ...smtpd],
          ...["--deliver", template, "--create-mailboxes"],
        ],
        { env: relay },
        async ({ port }) => {
          const sessions = 12, users = 20;
          const session = async () => {
            const client = await SmtpClient.connect(port);
            assertMatch(await client.reply(), /^220/);
            await client.ask("HELO client.example");
            for (let user = 0; user < users; user++) {
              await client.ask("MAIL FROM:<a@b.example>");
              await client.ask(`RCPT TO:<u${user}@b.example>`);
              await client.ask("DATA");
              assertMatch(await client.ask("Subject: x\r\n\r\ny\r\n."), /^250/);
            }
            client.close();
          };
          await Promise.all(Array.from({ length: sessions }, session));
          for (let user = 0; user < users; user++) {
            const found = names(`${folder}/u${user}/deep/Maildir/new`).length;
            assertEquals(found, sessions);
          }
        },
      );
    }),
);

Deno.test(
  needing(
    { peers: ["smtp-source"] },
    "smtp-source: 1,000 messages at 20, all in new, none in tmp",
  ),
  () =>
    inFolder((folder) =>
      withGate(
        [...smtpd, "--deliver", `maildir:${folder}/Maildir`],
        { env: relay },
        async (gate) => {
          const { code, stderr } = await output(peer("smtp-source")!, [
            ...["-s", "20", "-m", "1000", "-l", "2000", "-d"],
            ...["-f", "a@sender.example", "-t", "b@foreign.example"],
            `127.0.0.1:${gate.port}`,
          ]);
          assertEquals([code, stderr], [0, ""]);
          const stored = names(`${folder}/Maildir/new`);
          assertEquals(stored.length, 1000);
          assertEquals(names(`${folder}/Maildir/tmp`), []);
          for (const name of stored) {
            const text = await Deno.readTextFile(
              `${folder}/Maildir/new/${name}`,
            );
            assertMatch(text, /^Return-Path: <a@sender\.example>\n/);
            assertMatch(text, received);
            assert(text.length > 2000, "the whole message");
          }
        },
      )
    ),
);

/** One session that sends messages until the server dies. */
async function sender(
  port: number,
  tag: string,
  count: number,
  acknowledged: Set<string>,
): Promise<void> {
  let client;
  try {
    client = await SmtpClient.connect(port);
    await client.reply();
    await client.ask(`HELO ${tag}`);
    for (let i = 0; i < count; i++) {
      const id = `${tag}-${i}`;
      await client.ask("MAIL FROM:<a@sender.example>");
      await client.ask("RCPT TO:<b@foreign.example>");
      await client.ask("RCPT TO:<c@foreign.example>");
      await client.ask("DATA");
      const body = `${id} `.repeat(500);
      const reply = await client.ask(
        `Subject: ${id}\r\n\r\n${body}\r\nend of ${id}\r\n.`,
      );
      if (reply.startsWith("250")) acknowledged.add(id);
      if (reply === "") return;
    }
  } catch {
    // Killed before or while it was connected.
  } finally {
    client?.close();
  }
}

Deno.test(
  needing(
    {},
    "SIGKILL at a random moment of 500 messages: what was acknowledged is there, whole, in both mailboxes",
  ),
  () =>
    inFolder(async (folder) => {
      const rounds = runs(500, 20);
      let killed = 0;
      for (let round = 0; round < rounds; round++) {
        const mail = `${folder}/${round}`;
        const acknowledged = new Set<string>();
        await withGate(
          [...smtpd, "--maildir", `${mail}/{user}`, "--create-mailboxes"],
          { env: relay },
          async (gate) => {
            const sessions = Array.from(
              { length: 20 },
              (_, i) => sender(gate.port, `r${round}s${i}`, 25, acknowledged),
            );
            // By messages stored, not by time: each machine has its own pace.
            const moment = Math.floor(Math.random() * 480);
            await until(
              "the moment to kill",
              () => acknowledged.size >= moment,
            );
            if (acknowledged.size < 500) killed++;
            gate.child.kill("SIGKILL");
            await Promise.all(sessions);
          },
        );
        for (const user of ["b", "c"]) {
          const whole = new Set<string>();
          for (const name of names(`${mail}/${user}/new`)) {
            const path = `${mail}/${user}/new/${name}`;
            const text = await Deno.readTextFile(path);
            const id = /^Subject: (\S+)$/m.exec(text)?.[1];
            assert(id && text.endsWith(`\nend of ${id}\n`), `half: ${path}`);
            whole.add(id);
          }
          for (const id of acknowledged) {
            assert(whole.has(id), `${user}: ${id} was acknowledged, and lost`);
          }
        }
        await Deno.remove(mail, { recursive: true }).catch(() => {});
      }
      assert(killed > rounds / 2, `only ${killed} rounds were cut short`);
    }),
);

Deno.test(
  needing(
    {},
    "garbage, endless lines, bare LFs and lost clients leave nothing behind",
  ),
  () =>
    inFolder((folder) =>
      withGate(
        [...smtpd, "--deliver", `maildir:${folder}/Maildir`],
        { env: relay },
        async (gate) => {
          const left = () => [
            ...names(`${folder}/Maildir/new`),
            ...names(`${folder}/Maildir/tmp`),
          ];
          const inData = async () => {
            const client = await SmtpClient.connect(gate.port);
            await client.reply();
            await client.ask("HELO x");
            await client.ask("MAIL FROM:<a@b.example>");
            await client.ask("RCPT TO:<c@d.example>");
            assertMatch(await client.ask("DATA"), /^354/);
            return client;
          };

          const garbage = await SmtpClient.connect(gate.port);
          await garbage.reply();
          try {
            await garbage.send(crypto.getRandomValues(new Uint8Array(65536)));
            await garbage.send("\r\n");
          } catch {
            // It may be cut off before its end.
          }
          assertMatch(await garbage.reply(), /^(5\d\d|421)[ -]|^$/);
          garbage.close();

          const endless = await SmtpClient.connect(gate.port);
          await endless.reply();
          const megabyte = new Uint8Array(1 << 20).fill(0x41);
          try {
            for (let i = 0; i < 10; i++) await endless.send(megabyte);
            await endless.send("\r\n");
          } catch {
            // It may be cut off before its end.
          }
          assertMatch(await endless.reply(), /^(5\d\d|421)[ -]|^$/);
          endless.close();

          const bare = await inData();
          await bare.send("Subject: x\r\n\r\none\ntwo\r\n.\r\nQUIT\r\n");
          assertMatch(await bare.reply(), /^[45]\d\d/);
          assertEquals(await bare.reply(), "", "nothing after it is a command");
          bare.close();

          const lost = await inData();
          await lost.send(
            "Subject: x\r\n\r\n" + "half a message\r\n".repeat(9999),
          );
          lost.close();

          await until("nothing is left", () => left().length === 0);
          const after = await inData();
          assertMatch(await after.ask("Subject: y\r\n\r\nwhole\r\n."), /^250/);
          after.close();
          assertEquals(left().length, 1);
        },
      )
    ),
);

Deno.test(
  needing(
    {},
    "the executable runs where there is neither Deno nor Node, nor a home",
  ),
  () =>
    inFolder(async (folder) => {
      // A name that is nobody's home, and a PATH with nothing in it.
      const bare = {
        clearEnv: true,
        cwd: folder,
        env: { PATH: "/nonexistent", HOME: "/nonexistent", RELAYCLIENT: "" },
      };
      const version = await output(postern, ["--version"], bare);
      assertMatch(version.stdout, /^postern \d+\.\d+\.\d+ \(deno /);
      const session = await output(
        postern,
        ["smtpd", "--me", "alone.example"],
        {
          ...bare,
          stdin:
            "HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n" +
            "DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n",
        },
      );
      assertEquals(session.stderr, "");
      assertMatch(
        session.stdout,
        /^220 alone\.example ESMTP\r\n(250 .*\r\n){3}354 .*\r\n250 .*\r\n221 .*\r\n$/,
      );
      assertEquals(session.code, 0);
      assertEquals(names(`${folder}/Maildir/new`).length, 1);
      // Nothing but mail was left behind: no cache, no configuration.
      assertEquals(names(folder), ["Maildir"]);
    }),
);
