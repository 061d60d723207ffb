import { assert, assertEquals, assertMatch } from "@std/assert";
import { Maildir } from "../../lib/deliver/maildir.ts";
import type { Message } from "../../lib/deliver/target.ts";
import { inFolder } from "../support/peers.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const envelope = { sender: "a@b.example", recipients: ["c@d.example"] };
const silent = () => {};
const names = (path: string) =>
  [...Deno.readDirSync(path)].map((entry) => entry.name);

const options = { sanitizeResources: false }; // the folder new stays open

function open(maildir: Maildir): Message {
  const opened = maildir.open(envelope);
  assert(!("type" in opened), "it was refused");
  return opened;
}

Deno.test(
  "a message is in new, whole, and nothing is in tmp",
  options,
  () =>
    inFolder(async (folder) => {
      const maildir = new Maildir(folder, "h/o:st", silent);
      const message = open(maildir);
      await message.append(bytes("Subject: x\n\n"));
      await message.append(bytes("y\n".repeat(100_000)));
      assertEquals(names(`${folder}/new`), [], "not before it is whole");
      assertEquals((await message.commit()).type, "stored");
      const [name] = names(`${folder}/new`);
      assertMatch(name, /^\d{10}\.M\d{6}P\d+Q1\.h\\057o\\072st$/);
      assertEquals(
        await Deno.readTextFile(`${folder}/new/${name}`),
        "Return-Path: <a@b.example>\nDelivered-To: c@d.example\n" +
          "Subject: x\n\n" + "y\n".repeat(100_000),
      );
      assertEquals(names(`${folder}/tmp`), []);
    }),
);

Deno.test(
  "an abandoned message leaves nothing, however long it was",
  options,
  () =>
    inFolder(async (folder) => {
      const maildir = new Maildir(folder, "host", silent);
      for (const size of [10, 300_000]) {
        const message = open(maildir);
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
      const maildir = new Maildir(folder, "host", silent);
      const message = maildir.open({
        sender: "a\nX-Forged: yes",
        recipients: ["b\rc"],
      }) as Message;
      await message.commit();
      const [name] = names(`${folder}/new`);
      assertEquals(
        await Deno.readTextFile(`${folder}/new/${name}`),
        "Return-Path: <a_X-Forged: yes>\nDelivered-To: b_c\n",
      );
    }),
);

Deno.test(
  "a folder that cannot be made or vanishes is 451, told to the log, and repaired",
  options,
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "");
      const log: string[] = [];
      const blocked = new Maildir(
        `${folder}/file/x`,
        "h",
        (line) => log.push(line),
      );
      const refused = blocked.open(envelope);
      assert("type" in refused && refused.type === "later");
      assertEquals(refused.code, 451);
      assertMatch(log[0], /^unable to deliver to .*: not a directory$/);

      const maildir = new Maildir(`${folder}/m`, "h", (line) => log.push(line));
      const message = open(maildir);
      await Deno.remove(`${folder}/m`, { recursive: true });
      assertEquals((await message.commit()).type, "later");
      assertEquals(log.length, 2);
      assertEquals((await open(maildir).commit()).type, "stored");
    }),
);
