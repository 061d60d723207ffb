/**
 * Messages for several mailboxes, and mailboxes of which users have made
 * something else.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Maildirs } from "../../lib/deliver/maildir.ts";
import type { Message } from "../../lib/deliver/target.ts";
import { into } from "../support/troubles.ts";
import { inFolder, needing } from "../support/peers.ts";
import { descriptorsIn } from "../support/processes.ts";
import { committed, maildirsAt } from "./submitter.ts";

const options = { sanitizeResources: false }; // libc stays open
const bytes = (text: string) => new TextEncoder().encode(text);
const names = (path: string) =>
  [...Deno.readDirSync(path)].map((entry) => entry.name);
const users = Array.from({ length: 60 }, (_, i) => `u${i}`);
const toAll = {
  sender: "a@b.example",
  recipients: users.map((user) => `${user}@d.example`),
};

async function open(maildirs: Maildirs, to = toAll): Promise<Message> {
  const opened = await maildirs.open(to);
  assert(!("type" in opened), "it was refused");
  return opened;
}

const making = { createMailboxes: true };

for (const size of [10, 65536, 65537, 300_000]) {
  Deno.test(
    `${size} bytes for 60 mailboxes take one descriptor until they are whole, and few then`,
    options,
    () =>
      inFolder(async (folder) => {
        const maildirs = maildirsAt(
          `${folder}/{user}/m`,
          "h",
          () => {},
          making,
        );
        const message = await open(maildirs);
        const text = bytes("0123456789".repeat(size / 10 + 1).slice(0, size));
        for (let at = 0; at < size; at += 30_000) {
          await message.append(text.subarray(at, at + 30_000));
          assert(descriptorsIn(folder) <= 1, "while it arrives");
        }
        let over = false, most = 0;
        const committing = committed(message).finally(() => over = true);
        while (!over) {
          most = Math.max(most, descriptorsIn(folder));
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
        assertEquals((await committing).type, "stored");
        assert(most <= maildirs.descriptors, `${most} descriptors`);
        assertEquals(descriptorsIn(folder), 0);
        for (const user of users) {
          const [name, ...more] = names(`${folder}/${user}/m/new`);
          assertEquals(more, []);
          const stored = await Deno.readTextFile(
            `${folder}/${user}/m/new/${name}`,
          );
          const head = "Return-Path: <a@b.example>\n" +
            `Delivered-To: ${user}@d.example\n`;
          assert(
            stored === head + "0123456789".repeat(size / 10 + 1)
                  .slice(0, size),
            user,
          );
          assertEquals(names(`${folder}/${user}/m/tmp`), []);
        }
        // Each its own: who changes one changes no other.
        const files = users.map((user) => {
          const box = `${folder}/${user}/m/new`;
          return Deno.statSync(`${box}/${names(box)[0]}`).ino;
        });
        assertEquals(new Set(files).size, users.length);
      }),
  );
}

Deno.test(
  "if the last of 60 mailboxes fails, at whatever step, none has anything",
  options,
  () =>
    inFolder(async (folder) => {
      const last = `${folder}/${users.at(-1)}/m`;
      for (const part of ["tmp", "new"]) {
        for (const size of [10, 100_000]) {
          const log: string[] = [];
          const maildirs = maildirsAt(
            `${folder}/{user}/m`,
            "h",
            into(log),
            making,
          );
          assertEquals((await committed(await open(maildirs))).type, "stored");
          await Deno.remove(`${last}/${part}`, { recursive: true });
          await Deno.writeTextFile(`${last}/${part}`, "in the way");
          const message = await open(maildirs);
          await message.append(new Uint8Array(size));
          const result = await committed(message);
          assert(result.type === "later");
          assertEquals(result.code, 451);
          assertEquals(log.length, 1);
          assertMatch(log[0], /u59\/m: not a directory$/);
          assertEquals(descriptorsIn(folder), 0);
          await Deno.remove(`${last}/${part}`);
          for (const user of users) {
            const box = `${folder}/${user}/m`;
            if (user === users.at(-1)) await Deno.mkdir(`${box}/${part}`);
            assertEquals(names(`${box}/tmp`), [], user);
            assert(names(`${box}/new`).length <= 1, user);
            await Deno.remove(`${box}/new`, { recursive: true });
          }
        }
      }
    }),
);

Deno.test(
  needing(
    { root: true },
    "a file is given to its user when the others have their copies, not before",
  ),
  () =>
    inFolder(async (folder) => {
      const owners = [["ann", 65531], ["bob", 65532]] as const;
      for (const [user, id] of owners) {
        await Deno.mkdir(`${folder}/${user}`);
        await Deno.chown(`${folder}/${user}`, id, id);
      }
      const maildirs = maildirsAt(`${folder}/{user}/m`, "h", () => {});
      const message = await open(maildirs, {
        sender: "a@b.example",
        recipients: owners.map(([user]) => `${user}@d.example`),
      });
      await message.append(new Uint8Array(100_000));
      const [spool] = names(`${folder}/ann/m/tmp`);
      // Ann could write into what Bob gets.
      assertEquals(Deno.statSync(`${folder}/ann/m/tmp/${spool}`).uid, 0);
      assertEquals((await committed(message)).type, "stored");
      for (const [user, id] of owners) {
        const box = `${folder}/${user}/m`;
        for (
          const path of [
            "",
            "/tmp",
            "/new",
            "/cur",
            `/new/${names(`${box}/new`)[0]}`,
          ]
        ) {
          const { uid, gid } = Deno.statSync(box + path);
          assertEquals([uid, gid], [id, id], user + path);
        }
      }
    }),
);

Deno.test(
  "a link in a mailbox is not followed, told at RCPT, and named in the log",
  options,
  () =>
    inFolder(async (folder) => {
      const places: [where: string, to: string][] = [
        ["ann", "others"],
        ["ann/mail", "../others/mail"],
        ["ann/mail", "../others/none"],
        ["ann/mail/Maildir", "../../others/mail/Maildir"],
        ["ann/mail/Maildir/tmp", "../../../others/mail/Maildir/tmp"],
        ["ann/mail/Maildir/new", "../../../others/mail/Maildir/new"],
        ["ann/mail/Maildir/new", "../../../others/mail/Maildir/none"],
        ["ann/mail/Maildir/new", "tmp"],
      ];
      for (const createMailboxes of [false, true]) {
        for (const [where, to] of places) {
          const others = `${folder}/others/mail/Maildir`;
          for (const part of ["tmp", "new", "cur"]) {
            await Deno.mkdir(`${others}/${part}`, { recursive: true });
            await Deno.mkdir(`${folder}/ann/mail/Maildir/${part}`, {
              recursive: true,
            });
          }
          const at = `${folder}/${where}`;
          const log: string[] = [];
          const maildirs = maildirsAt(
            `${folder}/{user}/mail/Maildir`,
            "h",
            into(log),
            { createMailboxes },
          );
          const early = await open(maildirs, {
            sender: "a@b.example",
            recipients: ["bob@d.example", "ann@d.example"].slice(
              createMailboxes ? 0 : 1,
            ),
          });
          await Deno.remove(at, { recursive: true });
          await Deno.symlink(to, at);
          const refused = await maildirs.accepts!("ann@d.example");
          assert(refused?.type === "later", where);
          assertEquals(refused.code, 451);
          const result = await committed(early); // it knew nothing of the link
          assert(result.type === "later", where);
          const line = `unable to deliver to ${folder}/ann/mail/Maildir: ` +
            `${at} is a symbolic link: put a folder in its place`;
          assertEquals(log, [line, line]);
          for (const part of ["tmp", "new"]) {
            assertEquals(names(`${others}/${part}`), [], where);
          }
          assertEquals(
            [...maildirsProblems(await maildirs.problems())],
            [at],
            where,
          );
          assertEquals(descriptorsIn(folder), 0);
          for (const each of names(folder)) {
            await Deno.remove(`${folder}/${each}`, { recursive: true });
          }
        }
      }
    }),
);

const maildirsProblems = (problems: readonly string[]) =>
  problems.map((problem) =>
    /: (\S+) is a symbolic link: put/.exec(problem)?.[1]
  );

Deno.test(
  "the path of the template may go through links, and a Maildir of one's own be one",
  options,
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/disk/ann`, { recursive: true });
      await Deno.symlink("disk", `${folder}/home`);
      await Deno.mkdir(`${folder}/real`);
      await Deno.symlink("real", `${folder}/Maildir`);
      const log: string[] = [];
      for (const template of ["home/{user}/Maildir", "Maildir"]) {
        const maildirs = maildirsAt(`${folder}/${template}`, "h", into(log));
        const message = await open(maildirs, {
          sender: "",
          recipients: ["ann@d.example"],
        });
        assertEquals((await committed(message)).type, "stored", template);
        assertEquals(await maildirs.problems(), []);
      }
      assertEquals(names(`${folder}/disk/ann/Maildir/new`).length, 1);
      assertEquals(names(`${folder}/real/new`).length, 1);
      // What is in it is not the path any more.
      await Deno.rename(`${folder}/real/new`, `${folder}/elsewhere`);
      await Deno.symlink("../elsewhere", `${folder}/real/new`);
      const maildirs = maildirsAt(`${folder}/Maildir`, "h", into(log));
      const refused = await maildirs.open({ sender: "", recipients: ["x"] });
      assert("type" in refused && refused.type === "later");
      assertEquals(log.length, 1);
      assertMatch(log[0], /Maildir\/new is a symbolic link: put a folder/);
      assertEquals((await maildirs.problems()).length, 1);
      assertEquals(names(`${folder}/elsewhere`).length, 1);
    }),
);
