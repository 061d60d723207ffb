/**
 * How much is taken at once, of a broker that does as it is told.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import type { ChannelModel } from "amqplib";
import { Intake, type Taken } from "../../lib/drain/intake.ts";

type Consumer = (message: unknown) => void;

/** A queue that has messages of a size, as many as one likes. */
class Broker {
  prefetched = 0;
  readonly prefetches: number[] = [];
  acked = 0;
  #consumer: Consumer | null = null;
  #given = 0;
  #tags = 0;

  constructor(public sizeBytes: number) {}

  get model(): ChannelModel {
    const channel = {
      on: () => {},
      removeAllListeners: () => {},
      prefetch: (count: number) => {
        this.prefetched = count;
        this.prefetches.push(count);
        return Promise.resolve();
      },
      consume: (_: string, consumer: Consumer) => {
        this.#consumer = consumer;
        this.#given = 0; // a new consumer has credit of its own
        return Promise.resolve({ consumerTag: `${++this.#tags}` });
      },
      cancel: () => {
        this.#consumer = null;
        return Promise.resolve();
      },
      ack: () => {
        this.acked++;
        this.#given--;
      },
    };
    return { createChannel: () => Promise.resolve(channel) } as never;
  }

  /** Gives as many as it may, or so many. */
  give(most = Infinity): void {
    for (let i = 0; i < most && this.#consumer; i++) {
      if (this.#given >= this.prefetched) return;
      this.#given++;
      this.#consumer({
        content: Buffer.alloc(this.sizeBytes),
        fields: { redelivered: false },
      });
    }
  }

  get isConsumed(): boolean {
    return this.#consumer !== null;
  }

  end(): void {
    this.#consumer?.(null);
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

async function intakeOf(broker: Broker, most: number, budgetBytes: number) {
  const taken: Taken[] = [];
  let broken = 0;
  const intake = new Intake("q", most, budgetBytes, (each) => taken.push(each));
  await intake.start(broker.model, () => broken++);
  return { intake, taken, broken: () => broken };
}

Deno.test("of small messages as many are taken as may be", async () => {
  const broker = new Broker(10);
  const { taken } = await intakeOf(broker, 30, 1000);
  broker.give();
  assertEquals(taken.length, 10, "nobody knows how large they are");
  await settle();
  broker.give();
  assert(broker.isConsumed);
  assertEquals(broker.prefetches, [10, 30]);
});

Deno.test("of large ones fewer, when there is room again", async () => {
  const broker = new Broker(400);
  const { taken } = await intakeOf(broker, 30, 1000);
  broker.give(3); // more than the budget
  await settle();
  assert(!broker.isConsumed);
  taken[0].ack();
  await settle();
  assert(!broker.isConsumed, "not before half of it is free");
  taken[1].ack();
  await settle();
  assert(broker.isConsumed);
  assertEquals(broker.prefetches, [10, 2]);
});

Deno.test("and more again of small ones", async () => {
  const broker = new Broker(400);
  const { taken } = await intakeOf(broker, 30, 1000);
  broker.give(3);
  await settle();
  for (const each of taken.splice(0)) each.ack();
  await settle();
  broker.sizeBytes = 10;
  for (let i = 0; i < 60; i++) {
    broker.give();
    for (const each of taken.splice(0)) each.ack();
    await settle();
  }
  assertEquals(broker.prefetches.at(-1), 30);
});

Deno.test("a pause takes nothing, and what was taken stays ours", async () => {
  const broker = new Broker(10);
  const { intake, taken } = await intakeOf(broker, 30, 1000);
  broker.give(2);
  await intake.pause();
  assert(!broker.isConsumed);
  taken[0].ack();
  taken[0].ack();
  assertEquals([broker.acked, taken[1].isLost], [1, false]);
  intake.resume();
  await settle();
  assert(broker.isConsumed);
  intake.forget();
  taken[1].ack();
  assertEquals([broker.acked, taken[1].isLost], [1, true]);
});

Deno.test("a queue that has gone is told", async () => {
  const broker = new Broker(10);
  const { broken } = await intakeOf(broker, 30, 1000);
  broker.end();
  assertEquals(broken(), 1);
});
