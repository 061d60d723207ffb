import { assert, assertEquals, assertRejects } from "@std/assert";
import { batchMailboxes, inBatches } from "../../lib/deliver/batches.ts";
import { eventLoop } from "../../lib/sys/event_loop.ts";

const many = Array.from({ length: 100 }, (_, i) => i);
const options = { sanitizeResources: false }; // the event loop stays open
const later = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

Deno.test(
  "inBatches() does all, in order, a few at a time",
  options,
  async () => {
    const begun: number[] = [];
    let now = 0, most = 0;
    await inBatches(many, async (i) => {
      begun.push(i);
      most = Math.max(most, ++now);
      await later();
      now--;
    });
    assertEquals(begun, many);
    assertEquals(most, batchMailboxes);
  },
);

Deno.test(
  "inBatches() of many messages at once takes turns among them",
  options,
  async () => {
    let now = 0, most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from(
        { length: 10 },
        (_, message) =>
          inBatches(many.slice(0, 24), async () => {
            order.push(message);
            most = Math.max(most, ++now);
            await later();
            now--;
          }),
      ),
    );
    assertEquals(order.length, 240);
    assert(most <= 4 * batchMailboxes, `${most} at once`);
    // The last to come has begun before the first has ended.
    assert(order.indexOf(9) < order.lastIndexOf(0), order.join());
  },
);

Deno.test(
  "inBatches() lets others have their turn in between",
  options,
  async () => {
    const story: number[] = [];
    const work = inBatches(many, (i) => void story.push(i)); // never waits itself
    eventLoop.defer(() => story.push(-1));
    await work;
    assert(story.indexOf(-1) <= 2 * batchMailboxes, story.join());
  },
);

Deno.test(
  "inBatches() ends with the batch in which one fails, and takes no place with it",
  options,
  async () => {
    for (let round = 0; round < 10; round++) {
      const ended: number[] = [];
      await assertRejects(
        () =>
          inBatches(many, async (i) => {
            if (i === 9) throw new Error("nine");
            await later();
            ended.push(i);
          }),
        Error,
        "nine",
      );
      assertEquals(ended.length, 2 * batchMailboxes - 1);
    }
  },
);
