/**
 * What can go wrong under a delivery: full and read-only disks, folders that
 * vanish, queue programs and clients that die. And the order of the system
 * calls that durability rests on.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const relay = { RELAYCLIENT: "" };
const smtpd = ["-v", "-RHl0", "127.0.0.1", "0", "smtpd"];

const names = (folder: string) =>
  [...Deno.readDirSync(folder)].map((entry) => entry.name);

/** Sends one message; the reply to its end, or to what was refused before. */
async function send(
  gate: TestGate,
  text = "Subject: x\r\n\r\nwhole",
  to = "b@foreign.example",
): Promise<string> {
  const client = await SmtpClient.connect(gate.port);
  try {
    await client.reply();
    await client.ask("HELO x");
    await client.ask("MAIL FROM:<a@sender.example>");
    for (
      const command of [`RCPT TO:<${to}>`, "DATA", `${text}\r\n.`]
    ) {
      const reply = await client.ask(command);
      if (/^[45]/.test(reply) || command.endsWith(".")) return reply;
    }
    throw new Error("unreachable");
  } finally {
    client.close();
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await output(program, args);
  assertEquals([code, stderr], [0, ""]);
}

/** Runs `fn` with a small disk of its own. */
function withDisk(fn: (folder: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/disk`);
    const at = `${folder}/disk`;
    await run("mount", "-t", "tmpfs", "-o", "size=512k", "postern-test", at);
    try {
      await fn(`${folder}/disk`);
    } finally {
      await run("umount", at);
    }
  });
}

Deno.test(
  needing(
    { root: true, peers: ["mount"] },
    "a full disk is 452, at the end of the message or before; then it goes on",
  ),
  () =>
    withDisk((disk) =>
      withGate(
        [...smtpd, "--maildir", `${disk}/Maildir`],
        { env: relay },
        async (gate) => {
          const body = "Subject: x\r\n\r\n" + "text text\r\n".repeat(9000);
          let acknowledged = 0, reply = "";
          for (let i = 0; i < 20; i++) {
            reply = await send(gate, `${body}end`);
            if (!reply.startsWith("250")) break;
            acknowledged++;
          }
          assertMatch(reply, /^452 4\.3\.1 /);
          await gate.logged(/unable to deliver to .*: out of disk space/);
          const stored = names(`${disk}/Maildir/new`);
          assertEquals(stored.length, acknowledged);
          for (const name of stored) {
            const text = await Deno.readTextFile(`${disk}/Maildir/new/${name}`);
            assert(text.endsWith("text text\nend\n"), "half a message");
          }
          assertEquals(names(`${disk}/Maildir/tmp`), []);
          for (const name of stored) {
            await Deno.remove(`${disk}/Maildir/new/${name}`);
          }
          assertMatch(await send(gate), /^250 /);
        },
      )
    ),
);

Deno.test(
  needing(
    { root: true, peers: ["mount"] },
    "--min-free is 452 before the message",
  ),
  () =>
    withDisk((disk) =>
      withGate(
        [...smtpd, "--maildir", `${disk}/Maildir`, "--min-free", "30"],
        { env: relay },
        async (gate) => {
          assertMatch(await send(gate), /^250 /);
          await Deno.writeFile(`${disk}/ballast`, new Uint8Array(400_000));
          await until(
            "the disk to be short",
            async () => /^452 4\.3\.1 /.test(await send(gate)),
          );
          await Deno.remove(`${disk}/ballast`);
          await until(
            "the disk to be free",
            async () => /^250 /.test(await send(gate)),
          );
          assertEquals(names(`${disk}/Maildir/tmp`), []);
        },
      )
    ),
);

Deno.test(
  needing(
    { root: true, peers: ["mount"] },
    "a disk that turned read-only is 451",
  ),
  () =>
    withDisk((disk) =>
      withGate(
        [...smtpd, "--maildir", `${disk}/Maildir`],
        { env: relay },
        async (gate) => {
          assertMatch(await send(gate), /^250 /);
          await run("mount", "-o", "remount,ro", disk);
          assertMatch(await send(gate), /^451 4\.3\.0 /);
          await gate.logged(/unable to deliver to .*: read-only file sys/);
          await run("mount", "-o", "remount,rw", disk);
          assertMatch(await send(gate), /^250 /);
          assertEquals(names(`${disk}/Maildir/new`).length, 2);
          assertEquals(names(`${disk}/Maildir/tmp`), []);
        },
      )
    ),
);

Deno.test(
  needing(
    { root: true },
    "a folder that another user owns is 451, and the gate without root says so",
  ),
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/Maildir`);
      await Deno.chmod(`${folder}/Maildir`, 0o700); // root's
      await withGate(
        ["-u65534", "-g65534", ...smtpd, "--maildir", `${folder}/Maildir`],
        { env: relay },
        async (gate) => {
          assertMatch(await send(gate), /^451 4\.3\.0 /);
          await gate.logged(/unable to deliver to .*: access denied/);
          await Deno.chown(`${folder}/Maildir`, 65534, 65534);
          assertMatch(await send(gate), /^250 /);
        },
      );
    }),
);

Deno.test(
  needing(
    {},
    "a Maildir removed under traffic loses what it held, and is made anew",
  ),
  () =>
    inFolder((folder) =>
      withGate(
        [...smtpd, "--maildir", `${folder}/Maildir`],
        { env: relay },
        async (gate) => {
          let over = false, accepted = 0;
          const traffic = Array.from({ length: 8 }, async () => {
            while (!over) {
              const reply = await send(gate);
              assertMatch(reply, /^(250|451) /);
              if (reply.startsWith("250 ")) accepted++;
            }
          });
          for (let i = 0; i < 20; i++) {
            const enough = accepted + 3;
            // Those that are stored already may be acknowledged a little later.
            await until(
              "mail is accepted again, in a new Maildir",
              () => accepted >= enough && names(folder).includes("Maildir"),
            );
            await Deno.rename(`${folder}/Maildir`, `${folder}/${i}`);
          }
          over = true;
          await Promise.all(traffic);
          let stored = 0;
          for (const name of names(folder)) {
            const parts = names(`${folder}/${name}`);
            if (!parts.includes("new")) continue; // taken while it was made
            stored += names(`${folder}/${name}/new`).length;
          }
          // One that was renamed away after its rename is stored all the same.
          assert(stored >= accepted, "acknowledged, and lost");
          assertMatch(await send(gate), /^250 /);
        },
      )
    ),
);

Deno.test(
  needing({}, "unknown users are 550, and users get what is theirs"),
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/foreign.example/ann`, { recursive: true });
      await withGate(
        [...smtpd, "--maildir", `${folder}/{domain}/{user%+}/Maildir`],
        { env: relay },
        async (gate) => {
          const to = (address: string) =>
            send(gate, "Subject: x\r\n\r\nx", address);
          assertMatch(await to("Ann+lists@foreign.example"), /^250 /);
          assertMatch(await to("bob@foreign.example"), /^550 5\.1\.1 /);
          assertMatch(await to("..@foreign.example"), /^501 5\.1\.3 /);
          assertMatch(await to('"../x"@foreign.example'), /^550 5\.1\.1 /);
          const ann = `${folder}/foreign.example/ann/Maildir`;
          assertEquals(names(`${ann}/new`).length, 1);
          assertEquals(names(folder), ["foreign.example"]);
        },
      );
    }),
);

Deno.test(needing({}, "options that make no sense end with 100"), async () => {
  for (
    const options of [
      ["--maildir", "/m/{usr}"],
      ["--maildir", "/m", "--deliver", "discard"],
      ["--min-free", "100"],
      ["--min-free", "few"],
    ]
  ) {
    const { code, stderr } = await output(postern, ["smtpd", ...options]);
    assertEquals(code, 100, options.join(" "));
    assertMatch(stderr, /^postern smtpd: .*see postern smtpd --help\n$/);
  }
});

Deno.test(
  needing({}, "a queue program that is killed is 451, and the gate goes on"),
  () =>
    inFolder(async (folder) => {
      const queue = `${folder}/queue`;
      await Deno.writeTextFile(
        queue,
        `#!/bin/sh\nhead -c 20 > ${folder}/begun\nkill -9 $$\n`,
      );
      await Deno.chmod(queue, 0o755);
      await withGate(
        smtpd,
        { env: { ...relay, QMAILQUEUE: queue } },
        async (gate) => {
          const long = "Subject: x\r\n\r\n" + "text\r\n".repeat(100_000);
          assertMatch(await send(gate, long), /^451 4\.3\.0 qq crashed/);
          assertMatch(await send(gate), /^451 4\.3\.0 qq crashed/);
          await gate.logged(/status: 0\//);
        },
      );
    }),
);

Deno.test(
  needing({}, "a client that is gone after any byte leaves nothing half"),
  () =>
    inFolder((folder) =>
      withGate(
        ["-c500", ...smtpd, "--maildir", `${folder}/Maildir`],
        { env: relay },
        async (gate) => {
          assertMatch(await send(gate), /^250 /); // there is a Maildir
          const text = "HELO x\r\nMAIL FROM:<a@b.example>\r\n" +
            "RCPT TO:<c@d.example>\r\nDATA\r\n" +
            "Subject: x\r\n\r\n..body\r\nthe end\r\n.\r\nQUIT\r\n";
          const whole = text.indexOf("\r\n.\r\n") + 5;
          let complete = 1;
          for (let at = 0; at <= text.length; at += 16) {
            await Promise.all(Array.from({ length: 16 }, async (_, i) => {
              const sent = text.slice(0, at + i);
              const client = await SmtpClient.connect(gate.port);
              await client.reply();
              await client.send(sent);
              if (at + i >= whole) complete++;
              client.close();
            }));
          }
          await until(
            "all sessions to end",
            () => gate.log.trimEnd().endsWith("status: 0/500"),
          );
          assertEquals(names(`${folder}/Maildir/tmp`), []);
          const stored = names(`${folder}/Maildir/new`);
          // A reset may overtake the last bytes.
          assert(stored.length <= complete, "more than were sent");
          for (const name of stored) {
            assertMatch(
              await Deno.readTextFile(`${folder}/Maildir/new/${name}`),
              /(\n\.body\nthe end|\nwhole)\n$/,
            );
          }
        },
      )
    ),
);

/** What strace saw, as far as durability goes, in the order of the results. */
function steps(trace: string, folder: string): string[] {
  const found: string[] = [];
  const syncs = new Map<string, string>();
  const begun = new Map<string, string>();
  const short = (path: string) =>
    path.replace(`${folder}/`, "").replace(/\/\d+\.R[^/]+$/, "/NAME");
  for (const whole of trace.split("\n")) {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(whole) ?? ["", "", ""];
    let line = rest;
    if (line.endsWith(" <unfinished ...>")) {
      begun.set(thread, line.replace(/ *<unfinished \.\.\.>$/, ""));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)/.exec(line);
    if (resumed) line = begun.get(thread) + resumed[1];
    let match;
    if ((match = /^mkdir\("(.*)", 0700\) += 0$/.exec(line))) {
      found.push(`make ${short(match[1])}`);
    } else if (
      (match = /^mkdirat\(\d+<(.*)>, "(.*)", 0700\) += 0$/.exec(line))
    ) {
      found.push(`make ${short(`${match[1]}/${match[2]}`)}`);
    } else if (
      (match = /^openat\(.*O_EXCL.*\) += \d+<(.*)>$/.exec(line))
    ) found.push(`create ${short(match[1])}`);
    else if ((match = /^write\(\d+<([^>]*)>, "(.*)".*\) += \d+$/.exec(line))) {
      if (match[1].includes("/tmp/1")) found.push(`write ${short(match[1])}`);
      if (match[2].includes("250 2.0.0 ok ")) found.push("250");
    } else if (
      (match = /^renameat\(\d+<(.*)>, "(.*)", \d+<(.*)>, "\2"\) += 0$/
        .exec(line))
    ) {
      const [, from, name, to] = match;
      found.push(
        `rename ${short(`${from}/${name}`)} ${short(`${to}/${name}`)}`,
      );
    } else if ((match = /^fsync\(\d+<(.*)>\) += 0$/.exec(line))) {
      found.push(`sync ${short(match[1])}`); // where there is no io_submit
    } else if (line.startsWith("io_submit(")) {
      for (
        const [, id, path] of line.matchAll(
          /aio_data=(\w+), aio_lio_opcode=IOCB_CMD_FSYNC, aio_fildes=\d+<(.*?)>\}/g,
        )
      ) syncs.set(id, path);
    } else if (line.startsWith("io_getevents(")) {
      for (const [, id] of line.matchAll(/data=(\w+), obj=\w+, res=0,/g)) {
        found.push(`sync ${short(syncs.get(id)!)}`);
      }
    }
  }
  return found;
}

for (const users of [["c"], ["c", "d"]]) {
  Deno.test(
    needing(
      { peers: ["strace"] },
      `write, sync the file, rename, sync the folder, and only then 250: ${users.length} mailbox(es)`,
    ),
    () =>
      inFolder(async (folder) => {
        const { code, stderr } = await output("strace", [
          ...["-f", "-y", "-s", "1000", "-o", `${folder}/trace`, "-e"],
          "trace=mkdir,mkdirat,openat,write,renameat,fsync,io_submit,io_getevents",
          ...[postern, "smtpd", "--me", "x", "--create-mailboxes"],
          ...["--maildir", `${folder}/mail/{user}`],
        ], {
          env: relay,
          stdin: "HELO x\r\nMAIL FROM:<a@b.example>\r\n" +
            users.map((user) => `RCPT TO:<${user}@d.example>\r\n`).join("") +
            "DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n",
        });
        assertEquals([code, stderr], [0, ""]);
        const trace = await Deno.readTextFile(`${folder}/trace`);
        const seen = steps(trace, folder);
        assertEquals(seen.at(-1), "250");
        for (const user of users) {
          const box = `mail/${user}`;
          const own = seen.filter((step) => step.includes(`${box}/`));
          const begun = own.indexOf(`create ${box}/tmp/NAME`);
          assertEquals(own.slice(begun), [
            `create ${box}/tmp/NAME`,
            `write ${box}/tmp/NAME`,
            `sync ${box}/tmp/NAME`,
            `rename ${box}/tmp/NAME ${box}/new/NAME`,
            `sync ${box}/new`,
          ]);
          // The Maildir is as durable as what is in it, and that before
          // anybody else can take it for made.
          const made = seen.indexOf(`make ${box}/tmp`);
          for (
            const [name, parent] of [
              ["mail", folder],
              [box, "mail"],
              [`${box}/new`, box],
              [`${box}/cur`, box],
            ]
          ) {
            const at = seen.indexOf(`make ${name}`);
            assert(at !== -1, `${name} was not made`);
            const synced = seen.indexOf(`sync ${parent}`, at);
            assert(
              synced !== -1 && synced < made,
              `${name} is not on the disk:\n${seen.join("\n")}`,
            );
          }
        }
      }),
  );
}
