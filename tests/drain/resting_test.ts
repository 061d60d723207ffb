import { assertEquals } from "@std/assert";
import type { Taken } from "../../lib/drain/intake.ts";
import { Resting } from "../../lib/drain/resting.ts";
import { Turns } from "../../lib/drain/turns.ts";
import { framed } from "../../lib/queue/frame.ts";
import { queued } from "../support/shared_queue.ts";

const text = new TextEncoder().encode("x\n");

/** What becomes of one that is due in so many milliseconds. */
async function restingFor(
  dueMs: number,
  { holdMs = 60_000, isStored = true } = {},
): Promise<string[]> {
  const told: string[] = [];
  const done = Promise.withResolvers<void>();
  const resting = new Resting({
    ...{ queue: "rest", ready: "ready", holdMs, longestMs: 100_000 },
    put: (queue) => {
      told.push(`put ${queue}`);
      if (!isStored) setTimeout(done.resolve);
      return Promise.resolve(isStored);
    },
    unknown: (_, why) => {
      told.push(why);
      done.resolve();
      return Promise.resolve();
    },
    turn: () => {
      told.push("turn");
      return Promise.resolve();
    },
  });
  const taken: Taken = {
    bytes: framed(queued({ due: Date.now() + dueMs }), text),
    ...{ isAgain: false, isLost: false },
    ack: () => {
      told.push("ack");
      done.resolve();
    },
  };
  resting.take(taken);
  await done.promise;
  return told;
}

Deno.test("what is due has its turn, and is done when a copy is there", async () => {
  assertEquals(await restingFor(20), ["turn", "put ready", "ack"]);
  assertEquals(await restingFor(-20), ["turn", "put ready", "ack"]);
});

Deno.test("what is not due for long goes to the end of its queue", async () => {
  assertEquals(await restingFor(50_000, { holdMs: 10 }), ["put rest", "ack"]);
});

Deno.test("what a wrong clock made rest for years is tried", async () => {
  assertEquals(await restingFor(1e12), ["turn", "put ready", "ack"]);
});

Deno.test("without a copy it is not done", async () => {
  assertEquals(await restingFor(0, { isStored: false }), ["turn", "put ready"]);
});

Deno.test("old mail has one turn for four of the new, or more where is room", async () => {
  let hasRoom = false;
  const turns = new Turns(2, () => hasRoom);
  let had = 0;
  for (let i = 0; i < 6; i++) turns.next().then(() => had++);
  const ends = async (count: number) => {
    for (let i = 0; i < count; i++) turns.ended();
    await Promise.resolve();
    await Promise.resolve();
    return had;
  };
  assertEquals(await ends(3), 0);
  assertEquals(await ends(1), 1);
  assertEquals(await ends(8), 3);
  hasRoom = true;
  while (had < 6) await new Promise((resolve) => setTimeout(resolve, 10));
  turns.stop();
});
