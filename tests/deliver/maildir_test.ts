import { into } from "../support/troubles.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Maildirs } from "../../lib/deliver/maildir.ts";
import type { Message } from "../../lib/deliver/target.ts";
import { committed, maildirsAt } from "./submitter.ts";
import { inFolder } from "../support/peers.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const envelope = { sender: "a@b.example", recipients: ["c@d.example"] };
const silent = () => {};
const names = (path: string) =>
  [...Deno.readDirSync(path)].map((entry) => entry.name);

const options = { sanitizeResources: false }; // libc stays open

async function open(maildir: Maildirs, to = envelope): Promise<Message> {
  const opened = await maildir.open(to);
  assert(!("type" in opened), "it was refused");
  return opened;
}

Deno.test(
  "a message is in new, whole, and nothing is in tmp",
  options,
  () =>
    inFolder(async (folder) => {
      const maildir = maildirsAt(folder, "h/o:st", silent);
      const message = await open(maildir);
      await message.append(bytes("Subject: x\n\n"));
      await message.append(bytes("y\n".repeat(100_000)));
      assertEquals(names(`${folder}/new`), [], "not before it is whole");
      assertEquals((await committed(message)).type, "stored");
      const [name] = names(`${folder}/new`);
      assertMatch(name, /^\d{10}\.R[\da-f]{8}M\d{6}P\d+Q\d+\.h\\057o\\072st$/);
      assertEquals(
        await Deno.readTextFile(`${folder}/new/${name}`),
        "Return-Path: <a@b.example>\nDelivered-To: c@d.example\n" +
          "Subject: x\n\n" + "y\n".repeat(100_000),
      );
      assertEquals(names(`${folder}/tmp`), []);
    }),
);

Deno.test(
  "a small message is written when it is whole, a large one meanwhile",
  options,
  () =>
    inFolder(async (folder) => {
      const maildir = maildirsAt(folder, "host", silent);
      for (const [size, files] of [[65536, 0], [65537, 1]] as const) {
        const message = await open(maildir);
        await message.append(new Uint8Array(size));
        assertEquals(names(`${folder}/tmp`).length, files, `${size}`);
        await message.abandon();
      }
    }),
);

Deno.test(
  "a name that is taken is no reason to refuse a message, ten are",
  options,
  () =>
    inFolder(async (folder) => {
      const maildir = maildirsAt(folder, "h", silent);
      const { now } = Date;
      const time = now();
      Date.now = () => time;
      try {
        const first = await committed(await open(maildir));
        assert(first.type === "stored");
        const [, start, count] = /^(.*Q)(\d+)$/.exec(first.id)!;
        const take = (from: number, to: number) => {
          for (let i = from; i < to; i++) {
            const path = `${folder}/tmp/${start}${Number(count) + i}.h`;
            Deno.writeTextFileSync(path, "another's");
          }
        };
        take(1, 10);
        assertEquals((await committed(await open(maildir))).type, "stored");
        take(11, 21);
        assertEquals((await committed(await open(maildir))).type, "later");
        assertEquals(names(`${folder}/tmp`).length, 19, "they are others'");
      } finally {
        Date.now = now;
      }
    }),
);

Deno.test(
  "a Maildir that could not be made anew is looked for before the next message",
  options,
  () =>
    inFolder(async (folder) => {
      const log: string[] = [];
      const maildir = maildirsAt(`${folder}/m`, "h", into(log));
      const message = await open(maildir);
      await Deno.remove(`${folder}/m`, { recursive: true });
      await Deno.writeTextFile(`${folder}/m`, "in the way");
      assertEquals((await committed(message)).type, "later");
      assert("type" in await maildir.open(envelope), "it was not looked for");
      assertEquals(log.length, 2);
      await Deno.remove(`${folder}/m`);
      assertEquals((await committed(await open(maildir))).type, "stored");
    }),
);

Deno.test(
  "an abandoned message leaves nothing, however long it was",
  options,
  () =>
    inFolder(async (folder) => {
      const maildir = maildirsAt(folder, "host", silent);
      for (const size of [10, 300_000]) {
        const message = await open(maildir);
        await message.append(new Uint8Array(size));
        await message.abandon();
        assertEquals(
          [...names(`${folder}/new`), ...names(`${folder}/tmp`)],
          [],
        );
      }
    }),
);

Deno.test(
  "an address cannot forge a header line",
  options,
  () =>
    inFolder(async (folder) => {
      const maildir = maildirsAt(folder, "host", silent);
      const message = await open(maildir, {
        sender: "a\nX-Forged: yes",
        recipients: ["b\rc"],
      });
      await committed(message);
      const [name] = names(`${folder}/new`);
      assertEquals(
        await Deno.readTextFile(`${folder}/new/${name}`),
        'Return-Path: <"a_X-Forged: yes">\nDelivered-To: b_c\n',
      );
    }),
);

Deno.test(
  "a folder that cannot be made is 451 and told to the log; one that vanished is made anew",
  options,
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "");
      const log: string[] = [];
      const blocked = maildirsAt(
        `${folder}/file/x`,
        "h",
        into(log),
      );
      const refused = await blocked.open(envelope);
      assert("type" in refused && refused.type === "later");
      assertEquals(refused.code, 451);
      assertMatch(log[0], /^unable to deliver to .*: not a directory$/);

      const path = `${folder}/a/b/m`;
      const maildir = maildirsAt(path, "h", into(log));
      const message = await open(maildir);
      await Deno.remove(`${folder}/a`, { recursive: true });
      assertEquals((await committed(message)).type, "stored");
      assertEquals(names(path).sort(), ["cur", "new", "tmp"]);
      assertEquals(names(`${path}/new`).length, 1);
      assertEquals(log.length, 1);
    }),
);

Deno.test(
  "what is missing of a Maildir is made when it is needed",
  options,
  () =>
    inFolder(async (folder) => {
      const maildir = maildirsAt(`${folder}/{user}`, "h", silent, {
        createMailboxes: true,
        minFreePercent: 0,
      });
      for (
        const [user, ...parts] of [
          ["c", "tmp"],
          ["e", "new", "cur"],
          ["f", "new", "tmp"],
        ]
      ) {
        for (const part of parts) {
          await Deno.mkdir(`${folder}/${user}/${part}`, { recursive: true });
        }
        const message = await open(maildir, to(`${user}@d.example`));
        assertEquals((await committed(message)).type, "stored");
        assertEquals(names(`${folder}/${user}/new`).length, 1);
        assertEquals(names(`${folder}/${user}/tmp`).length, 0);
      }
      assertEquals(names(`${folder}/c`).sort(), ["cur", "new", "tmp"]);
    }),
);

/** Users alice and bob of d.example, each with a folder of their own. */
async function users(
  folder: string,
  fn: (maildirs: Maildirs, log: string[]) => Promise<void>,
  more = { createMailboxes: false, minFreePercent: 0 },
): Promise<void> {
  for (const user of ["alice", "bob"]) {
    await Deno.mkdir(`${folder}/d.example/${user}`, { recursive: true });
  }
  const log: string[] = [];
  const template = `${folder}/{domain}/{user%+}/Maildir`;
  await fn(maildirsAt(template, "d.example", into(log), more), log);
}

const to = (...recipients: string[]) => ({ sender: "s@s.example", recipients });

Deno.test(
  "each mailbox gets one file, with the recipients that were meant by it",
  options,
  () =>
    inFolder((folder) =>
      users(folder, async (maildirs) => {
        const message = await open(
          maildirs,
          to("Alice@D.example", "bob@d.example", "alice+x@d.example"),
        );
        const body = "y\n".repeat(70_000);
        await message.append(bytes(body.slice(0, 70_000)));
        await message.append(bytes(body.slice(70_000)));
        assertEquals((await committed(message)).type, "stored");
        for (
          const [user, lines] of [
            [
              "alice",
              "Delivered-To: Alice@D.example\nDelivered-To: alice+x@d.example\n",
            ],
            ["bob", "Delivered-To: bob@d.example\n"],
          ]
        ) {
          const maildir = `${folder}/d.example/${user}/Maildir`;
          const [name, ...more] = names(`${maildir}/new`);
          assertEquals(more, []);
          assertEquals(
            await Deno.readTextFile(`${maildir}/new/${name}`),
            `Return-Path: <s@s.example>\n${lines}${body}`,
          );
          assertEquals(names(`${maildir}/tmp`), []);
        }
      })
    ),
);

Deno.test(
  "if one mailbox fails, nothing is acknowledged and the others' files are taken back",
  options,
  () =>
    inFolder((folder) =>
      users(folder, async (maildirs, log) => {
        const message = await open(
          maildirs,
          to("alice@d.example", "bob@d.example"),
        );
        await message.append(new Uint8Array(100_000)); // one is in tmp
        const bobs = `${folder}/d.example/bob/Maildir`;
        await Deno.mkdir(`${bobs}/tmp`, { recursive: true });
        await Deno.writeTextFile(`${bobs}/new`, "in the way");
        const result = await committed(message);
        assert(result.type === "later");
        assertEquals(result.code, 451);
        const alices = `${folder}/d.example/alice/Maildir`;
        for (const part of [`${alices}/new`, `${alices}/tmp`, `${bobs}/tmp`]) {
          assertEquals(names(part), [], part);
        }
        assertEquals(log.length, 1);
        assertMatch(log[0], /bob\/Maildir: not a directory$/);
      })
    ),
);

Deno.test(
  "unknown users are refused, at RCPT and at open; --create-mailboxes makes theirs",
  options,
  () =>
    inFolder(async (folder) => {
      await users(folder, async (maildirs) => {
        assertEquals(await maildirs.accepts!("alice@d.example"), null);
        for (
          const stranger of [
            "carol@d.example",
            "alice@e.example",
            "../alice@d.example",
            "@d.example",
          ]
        ) {
          for (
            const refused of [
              await maildirs.accepts!(stranger),
              await maildirs.open(to("alice@d.example", stranger)),
            ]
          ) {
            assert(refused && "type" in refused);
            assertEquals([refused.code, refused.enhanced], [550, "5.1.1"]);
          }
        }
      });
      await users(folder, async (maildirs) => {
        assertEquals(await maildirs.accepts!("../x@d.example"), {
          type: "never",
          code: 550,
          enhanced: "5.1.1",
          text: "sorry, no mailbox here by that name",
        });
        const message = await open(maildirs, to("carol@e.example"));
        assertEquals((await committed(message)).type, "stored");
        assertEquals(names(`${folder}/e.example/carol/Maildir/new`).length, 1);
      }, { createMailboxes: true, minFreePercent: 0 });
    }),
);

Deno.test("a recipient is asked about where there is something to ask", () => {
  const asks = (template: string, minFreePercent: number) =>
    maildirsAt(template, "h", silent, { minFreePercent }).accepts !== undefined;
  assertEquals(asks("/m", 0), false);
  assertEquals(asks("/m", 0.5), true);
  assertEquals(asks("/m/{user}", 0), true);
});

Deno.test(
  "nothing is taken when too little of the disk is free",
  options,
  () =>
    inFolder((folder) =>
      users(folder, async (maildirs) => {
        const refused = await maildirs.accepts!("alice@d.example");
        assert(refused);
        assertEquals([refused.code, refused.enhanced], [452, "4.3.1"]);
        assert("type" in await maildirs.open(to("alice@d.example")));
      }, { createMailboxes: false, minFreePercent: 99.9999 })
    ),
);

Deno.test(
  "a message abandoned while it is written leaves nothing, not even a descriptor",
  options,
  () =>
    inFolder(async (folder) => {
      const maildirs = maildirsAt(`${folder}/m`, "h", silent);
      await (await open(maildirs)).abandon();
      const descriptors = () => names("/proc/self/fd").length;
      const before = descriptors();
      for (let i = 0; i < 50; i++) {
        const message = await open(maildirs);
        const writing = [
          message.append(new Uint8Array(70_000)),
          message.append(new Uint8Array(i * 10_000)),
        ];
        await message.abandon();
        await message.append(new Uint8Array(70_000)); // too late
        await Promise.all(writing);
      }
      assertEquals(
        [...names(`${folder}/m/new`), ...names(`${folder}/m/tmp`)],
        [],
      );
      assertEquals(descriptors(), before);
    }),
);

Deno.test(
  "a thousand at once have a thousand names",
  options,
  () =>
    inFolder(async (folder) => {
      const maildirs = maildirsAt(`${folder}/m`, "h", silent);
      const ids = await Promise.all(
        Array.from({ length: 1000 }, async (_, i) => {
          const message = await open(maildirs);
          await message.append(bytes(`${i}\n`));
          const result = await committed(message);
          return result.type === "stored" ? result.id : "";
        }),
      );
      assertEquals(new Set(ids).size, 1000);
      const bodies = names(`${folder}/m/new`).map((name) =>
        Deno.readTextFileSync(`${folder}/m/new/${name}`).split("\n")[2]
      );
      assertEquals(new Set(bodies).size, 1000);
      assertEquals(names(`${folder}/m/tmp`), []);
    }),
);
