import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import type {
  Envelope,
  Refusal,
  Submitter,
  Target,
} from "../../lib/deliver/target.ts";
import { editedMessage } from "../../lib/filter/edited_header.ts";
import type { FilterSession, Judgement } from "../../lib/filter/filter.ts";
import { filtered } from "../../lib/filter/filtered.ts";
import { committed, stranger } from "../deliver/submitter.ts";
import { inFolder } from "../support/peers.ts";
import { descriptorsIn } from "../support/processes.ts";
import { into } from "../support/troubles.ts";

const us = {
  me: "mx.to.example",
  connection: stranger.connection,
  session: "a-1",
};
const ours = "Received: from them\n  by us\n";
const envelope: Envelope = {
  sender: "a@b.example",
  recipients: ["c@d.example"],
};

/** What a target was given. */
interface Stored {
  envelope: Envelope;
  folder: string | null | undefined;
  text: string;
}

class Recorder implements Target {
  readonly takesBinary = true;
  readonly takesUtf8 = true;
  readonly descriptors = 1;
  readonly stored: Stored[] = [];
  left = 0;
  open(envelope: Envelope, { folder }: Submitter): ReturnType<Target["open"]> {
    const pieces: Uint8Array[] = [];
    return {
      append: (bytes) => void pieces.push(bytes.slice()),
      commit: () => {
        const text = fromBytes(concat(pieces));
        this.stored.push({ envelope, folder, text });
        return { type: "stored", id: "1" };
      },
      abandon() {},
    };
  }
  leave(): void {
    this.left++;
  }
}

const filter = (
  name: string,
  judgement: Judgement,
  seen: string[] = [],
): FilterSession => ({
  name,
  async judge({ read }) {
    const pieces: Uint8Array[] = [];
    for await (const bytes of read()) pieces.push(bytes);
    seen.push(fromBytes(concat(pieces)));
    return judgement;
  },
});

async function through(
  filters: FilterSession[],
  text: string,
  { folder = "/nonexistent", log = [] as string[], target = new Recorder() } =
    {},
) {
  const all = filtered(target, filters, { ...us, folder, emit: into(log) });
  const message = await all.open(envelope, stranger);
  assert("commit" in message);
  for (const piece of [ours + text.slice(0, 20), text.slice(20)]) {
    await message.append(toBytes(piece));
  }
  return { delivery: await committed(message), target };
}

const text = "Subject: a\nTo: x\n\nbody\n";

Deno.test("filtered() shows each filter what those before it have left", async () => {
  const seen: string[] = [];
  const { delivery, target } = await through([
    filter("first", {
      verdict: "pass",
      top: "X-Top: 1\n",
      rewrite: (read) =>
        editedMessage(read, [
          { type: "append", field: "X-A: 1\n\tmore" },
          { type: "remove", name: "subject", which: 1 },
        ]),
      sender: "new@b.example",
    }, seen),
    filter("second", {
      verdict: "pass",
      top: "X-Top: 2\n",
      folder: ".Junk",
      rewrite: (read) =>
        editedMessage(read, [{
          type: "change",
          name: "to",
          which: 1,
          field: "To: y",
        }]),
      recipients: ["e@f.example"],
    }, seen),
  ], text);
  assertEquals(delivery, { type: "stored", id: "1" });
  assertEquals(seen, [
    text,
    "X-Top: 1\nTo: x\nX-A: 1\n\tmore\n\nbody\n",
  ]);
  assertEquals(target.stored, [{
    envelope: { sender: "new@b.example", recipients: ["e@f.example"] },
    folder: ".Junk",
    text: `X-Top: 2\nX-Top: 1\n${ours}To: y\nX-A: 1\n\tmore\n\nbody\n`,
  }]);
});

const refusal: Refusal = {
  type: "never",
  code: 550,
  enhanced: "5.7.1",
  text: "no",
};

Deno.test("filtered() hands nothing on that is refused or discarded", async () => {
  const seen: string[] = [];
  const last = filter("last", { verdict: "pass" }, seen);
  const refused = await through(
    [filter("f", { verdict: refusal }), last],
    text,
  );
  assertEquals(refused.delivery, { ...refusal, by: "f" });
  const discarded = await through(
    [filter("f", { verdict: "discard" }), last],
    text,
  );
  assertEquals(discarded.delivery, {
    type: "stored",
    id: "discarded-by-f",
  });
  const nobody = await through(
    [filter("f", { verdict: "pass", recipients: [] })],
    text,
  );
  assertEquals(nobody.delivery.type, "stored");
  for (const { target } of [refused, discarded, nobody]) {
    assertEquals([target.stored.length, target.left], [0, 1]);
  }
  assertEquals(seen, []);
});

Deno.test("filtered() keeps long messages in a file that has no name", () =>
  inFolder(async (folder) => {
    const long = text + "line\n".repeat(40_000);
    const seen: string[] = [];
    const kept = await through(
      [filter("f", { verdict: "pass" }, seen)],
      long,
      { folder },
    );
    assertEquals(seen, [long]);
    assertEquals(kept.target.stored[0].text, ours + long);
    assertEquals(descriptorsIn(folder), 0);
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("filtered() says 4xx where the message cannot be kept, or a filter breaks", async () => {
  const log: string[] = [];
  const long = text + "line\n".repeat(40_000);
  const lost = await through([filter("f", { verdict: "pass" })], long, { log });
  assertEquals(lost.delivery.type, "later");
  const broken: FilterSession = {
    name: "broken",
    judge: () => Promise.reject(new Error("a bug")),
  };
  const { delivery } = await through([broken], text, { log });
  assertEquals(delivery.type, "later");
  assertMatch(log.join("\n"), /\/nonexistent: .*\n.*a bug/);
});

Deno.test("filtered() that is abandoned forgets all, and tells filters and target", () =>
  inFolder(async (folder) => {
    const target = new Recorder();
    let told = 0;
    const inner: FilterSession = {
      ...filter("f", { verdict: "pass" }),
      abandoned: () => void told++,
    };
    const all = filtered(target, [inner], { ...us, folder, emit: () => {} });
    const message = await all.open(envelope, stranger);
    assert("abandon" in message);
    await message.append(new Uint8Array(100_000));
    assertEquals(descriptorsIn(folder), 3);
    await message.abandon();
    assertEquals(descriptorsIn(folder), 0);
    assertEquals([told, target.left, target.stored.length], [1, 1, 0]);
  }));
