/**
 * A message that is delivered twice to a Maildir, and is there once.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import type { Message, Once } from "../../lib/deliver/target.ts";
import { inFolder } from "../support/peers.ts";
import { committed, maildirsAt, stranger } from "./submitter.ts";

const to = (...recipients: string[]) => ({ sender: "s@x", recipients });

async function deliver(
  template: string,
  recipients: string[],
  id: string,
  once: Once,
): Promise<string> {
  const target = maildirsAt(template, "host", () => {}, {
    createMailboxes: true,
  });
  const opened = await target.open(to(...recipients), {
    ...stranger,
    id,
    once,
  });
  const message = opened as Message;
  await message.append(toBytes("Subject: x\n\nbody\n"));
  const { type } = await committed(message);
  return type;
}

const names = (path: string) =>
  [...Deno.readDirSync(path)].map(({ name }) => name);

const first: Once = { seconds: 1_700_000_000, isAgain: false };
const again: Once = { ...first, isAgain: true };

Deno.test("twice is once, for each mailbox and message", () =>
  inFolder(async (folder) => {
    const template = `${folder}/{user}`;
    for (const once of [first, first, again]) {
      assertEquals(
        await deliver(template, ["ann@x", "bob@x"], "i-1", once),
        "stored",
      );
    }
    const [ann, ...more] = names(`${folder}/ann/new`);
    assertEquals(more, []);
    assert(ann.startsWith("1700000000.Q"));
    assertEquals(names(`${folder}/bob/new`).length, 1);
    assert(!names(`${folder}/bob/new`).includes(ann), "a name for each");
    assertEquals(names(`${folder}/ann/tmp`), []);
    await deliver(template, ["ann@x"], "i-2", first);
    assertEquals(names(`${folder}/ann/new`).length, 2);
  }));

Deno.test("what was read is looked for where it may have been delivered", () =>
  inFolder(async (folder) => {
    const template = `${folder}/{user}`;
    const box = `${folder}/ann`;
    await deliver(template, ["ann@x"], "i-1", first);
    const [name] = names(`${box}/new`);
    for (const suffix of ["", ":2,S", ",S=17,W=19:2,RS"]) {
      await Deno.rename(`${box}/new/${name}`, `${box}/cur/${name}${suffix}`);
      await deliver(template, ["ann@x"], "i-1", again);
      assertEquals(names(`${box}/new`), [], suffix);
      await Deno.rename(`${box}/cur/${name}${suffix}`, `${box}/new/${name}`);
    }
    // Another name that begins with it is another message.
    await Deno.rename(`${box}/new/${name}`, `${box}/cur/${name}x:2,`);
    await deliver(template, ["ann@x"], "i-1", again);
    assertEquals(names(`${box}/new`), [name]);
  }));
