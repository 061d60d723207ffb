/**
 * Messages for many mailboxes, through the executable: with few descriptors,
 * beside clients that hold such messages back, and killed in the middle.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import {
  afterShell,
  byShell,
  descriptorsOf,
  quiet,
} from "../support/weather.ts";

const names = (folder: string) => {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
};

const byShellOpenly = { ...byShell, env: { RELAYCLIENT: "" } };
const listening = [...quiet, "127.0.0.1", "0", "smtpd"];

/** A template, and mailboxes that are made when mail comes for them. */
const into = (folder: string) => [
  ...["--maildir", `${folder}/{user}/Maildir`, "--create-mailboxes"],
];

/** A client that has begun a message to so many, up to its text. */
async function begun(
  gate: TestGate,
  recipients: readonly string[],
): Promise<SmtpClient> {
  const client = await SmtpClient.connect(gate.port);
  assertMatch(await client.reply(), /^220/);
  assertMatch(await client.ask("EHLO x"), /^250/);
  assertMatch(await client.ask("MAIL FROM:<a@sender.example>"), /^250/);
  await client.send(
    recipients.map((name) => `RCPT TO:<${name}@d.example>\r\n`).join(""),
  );
  for (const name of recipients) {
    assertMatch(await client.reply(), /^250/, name);
  }
  assertMatch(await client.ask("DATA"), /^354/);
  return client;
}

const people = (count: number, of = "u") =>
  Array.from({ length: count }, (_, i) => `${of}${i}`);
const long = "Subject: x\r\n\r\n" + "text text text\r\n".repeat(5000); // 80 kB

const tight = "ulimit -Sn 1024; ulimit -Hn 1024";

/** Sends a long message for somebody, whole. */
async function send(gate: TestGate, user: string): Promise<void> {
  const client = await begun(gate, [user]);
  assertMatch(await client.ask(`${long}the end\r\n.`), /^250 /);
  client.close();
}

Deno.test(
  needing(
    {},
    "a message for 1,000 new mailboxes arrives with few descriptors, and others' beside it",
  ),
  () =>
    inFolder((folder) =>
      withGate(
        afterShell(tight, [...listening, ...into(folder)]),
        byShellOpenly,
        async (gate) => {
          const client = await begun(gate, people(1000));
          await client.send(long);
          let over = false, most = 0;
          const reply = client.ask("the end\r\n.").finally(() => over = true);
          await Promise.all(people(5, "v").map((user) => send(gate, user)));
          while (!over) {
            most = Math.max(most, descriptorsOf(gate.child.pid).length);
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          assertMatch(await reply, /^250 /, gate.log);
          assert(most < 64, `${most} descriptors`);
          client.close();
          for (const user of [...people(1000), ...people(5, "v")]) {
            const box = `${folder}/${user}/Maildir`;
            const [name, ...more] = names(`${box}/new`);
            assertEquals([more, names(`${box}/tmp`)], [[], []], user);
            const { size } = await Deno.stat(`${box}/new/${name}`);
            assert(size > 75_000, `half a message: ${user}`);
          }
          assertEquals(gate.log, "");
        },
      )
    ),
);

Deno.test(
  needing(
    {},
    "clients that hold back a text for 990 mailboxes do not keep others from being served",
  ),
  () =>
    inFolder((folder) =>
      withGate(
        afterShell(tight, [...listening, ...into(folder)]),
        byShellOpenly,
        async (gate) => {
          const attackers = await Promise.all(["x", "y"].map(async (name) => {
            const client = await begun(gate, people(990, name));
            await client.send(long);
            return client;
          }));
          const files = () =>
            ["x0", "y0"].map((name) => names(`${folder}/${name}/Maildir/tmp`));
          await until(
            "both texts are on the disk",
            () => files().every(({ length }) => length === 1),
          );
          const held = descriptorsOf(gate.child.pid)
            .filter((path) => path.startsWith(folder));
          assertEquals(held.length, attackers.length);
          await Promise.all(people(10).map((user) => send(gate, user)));
          for (const user of people(10)) {
            assertEquals(names(`${folder}/${user}/Maildir/new`).length, 1);
          }
          for (const client of attackers) client.close();
          await until(
            "nothing of theirs is left",
            () => files().every(({ length }) => length === 0),
          );
        },
      )
    ),
);

Deno.test(
  needing(
    {},
    "SIGKILL at a random moment of long messages for 12: what was acknowledged is whole in all mailboxes",
  ),
  () =>
    inFolder(async (folder) => {
      const rounds = runs(100, 3);
      const users = people(12);
      for (let round = 0; round < rounds; round++) {
        const mail = `${folder}/${round}`;
        const acknowledged = new Set<string>();
        await withGate(
          [...listening, ...into(mail)],
          { env: { RELAYCLIENT: "" } },
          async (gate) => {
            const sessions = people(4, `r${round}s`).map(async (id) => {
              try {
                for (let i = 0; i < 10; i++) {
                  const client = await begun(gate, users);
                  const text = `Subject: ${id}-${i}\r\n${long}`;
                  const reply = await client.ask(`${text}end ${id}-${i}\r\n.`);
                  client.close();
                  if (reply.startsWith("250")) acknowledged.add(`${id}-${i}`);
                }
              } catch {
                // Killed before or while it was connected.
              }
            });
            const moment = Math.floor(Math.random() * 35);
            await until("the moment", () => acknowledged.size >= moment);
            await new Promise((go) => setTimeout(go, Math.random() * 20));
            gate.child.kill("SIGKILL");
            await Promise.all(sessions);
          },
        );
        for (const user of users) {
          const whole = new Set<string>();
          for (const name of names(`${mail}/${user}/Maildir/new`)) {
            const text = await Deno.readTextFile(
              `${mail}/${user}/Maildir/new/${name}`,
            );
            const id = /^Subject: (r\S+)$/m.exec(text)?.[1];
            assert(id && text.endsWith(`\nend ${id}\n`), "half a message");
            assert(text.includes(`\nDelivered-To: ${user}@d.example\n`));
            whole.add(id);
          }
          for (const id of acknowledged) {
            assert(whole.has(id), `${user}: ${id} was acknowledged, and lost`);
          }
        }
        await Deno.remove(mail, { recursive: true }).catch(() => {});
      }
    }),
);

Deno.test(
  needing(
    { peers: ["strace"] },
    "every copy of a long message is synced before the first is shown, every folder before 250",
  ),
  () =>
    inFolder(async (folder) => {
      const users = people(20);
      const { code } = await output("strace", [
        ...["-f", "-y", "-s", "40", "-o", `${folder}/trace`, "-e"],
        "trace=sendfile,renameat,fsync,io_submit,io_getevents,write,writev,sendto",
        ...[postern, "smtpd", "--me", "x", ...into(`${folder}/mail`)],
      ], {
        env: { RELAYCLIENT: "" },
        stdin: "HELO x\r\nMAIL FROM:<a@b.example>\r\n" +
          users.map((user) => `RCPT TO:<${user}@d.example>\r\n`).join("") +
          `DATA\r\n${long}.\r\nQUIT\r\n`,
      });
      assertEquals(code, 0);
      const lines = (await Deno.readTextFile(`${folder}/trace`)).split("\n");
      const asked = new Map<string, string>();
      const synced = new Map<string, number>();
      const moved: number[] = [];
      let told = -1, copies = 0;
      for (const [at, line] of lines.entries()) {
        for (
          const [, id, path] of line.matchAll(
            /aio_data=(\w+), aio_lio_opcode=IOCB_CMD_FSYNC, aio_fildes=\d+<(.*?)>\}/g,
          )
        ) asked.set(id, path);
        for (const [, id] of line.matchAll(/data=(\w+), obj=\w+, res=0,/g)) {
          synced.set(asked.get(id)!, at);
        }
        const alone = /\bfsync\(\d+<(.*?)>/.exec(line);
        if (alone) synced.set(alone[1], at);
        if (line.includes("renameat(")) moved.push(at);
        if (line.includes("sendfile(")) copies++;
        if (line.includes("250 2.0.0 ok ")) told = at;
      }
      assertEquals(moved.length, users.length);
      assert(copies >= users.length - 1, "copies were not made by the kernel");
      for (const user of users) {
        const files = [...synced].filter(([path]) =>
          path.startsWith(`${folder}/mail/${user}/Maildir/tmp/`)
        );
        assertEquals(files.length, 1, user);
        assert(files[0][1] < moved[0], "shown before all were on the disk");
        const shown = synced.get(`${folder}/mail/${user}/Maildir/new`)!;
        assert(shown > moved[0] && shown < told, user);
      }
    }),
);

Deno.test(
  needing(
    { root: true },
    "root's mail does not follow a user's link, and is the user's",
  ),
  () =>
    inFolder(async (folder) => {
      for (const [user, id] of [["ann", 65531], ["bob", 65532]] as const) {
        const box = `${folder}/${user}/Maildir`;
        for (const part of ["tmp", "new", "cur"]) {
          await Deno.mkdir(`${box}/${part}`, { recursive: true });
        }
        await output("chown", ["-R", `${id}:${id}`, `${folder}/${user}`]);
        await Deno.chmod(`${folder}/${user}`, 0o700);
      }
      const anns = `${folder}/ann/Maildir`, bobs = `${folder}/bob/Maildir`;
      await Deno.remove(`${anns}/new`);
      await Deno.symlink(`${bobs}/new`, `${anns}/new`);
      await withGate(
        [...listening, "--maildir", `${folder}/{user}/Maildir`],
        { env: { RELAYCLIENT: "" } },
        async (gate) => {
          const client = await SmtpClient.connect(gate.port);
          await client.reply();
          await client.ask("HELO x");
          await client.ask("MAIL FROM:<a@sender.example>");
          assertMatch(await client.ask("RCPT TO:<ann@d.example>"), /^451 /);
          await gate.logged(
            /ann\/Maildir\/new is a symbolic link: put a folder/,
          );
          assertMatch(await client.ask("RCPT TO:<bob@d.example>"), /^250 /);
          await client.ask("DATA");
          assertMatch(await client.ask("Subject: x\r\n\r\nx\r\n."), /^250 /);
          client.close();
        },
      );
      const stored = names(`${bobs}/new`);
      assertEquals(stored.length, 1);
      const { uid, gid, mode } = await Deno.stat(`${bobs}/new/${stored[0]}`);
      assertEquals([uid, gid, mode! & 0o777], [65532, 65532, 0o600]);
    }),
);
