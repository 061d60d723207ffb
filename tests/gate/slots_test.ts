import { assertEquals } from "@std/assert";
import { Slots } from "../../lib/gate/slots.ts";

Deno.test("at the limit one waits for another to leave", async () => {
  const slots = new Slots(2);
  slots.take();
  slots.take();
  const order: string[] = [];
  const waiting = slots.free().then(() => order.push("free"));
  await Promise.resolve();
  order.push("give");
  slots.give();
  await waiting;
  assertEquals(order, ["give", "free"]);
  const empty = slots.empty().then(() => order.push("empty"));
  slots.give();
  await empty;
  assertEquals([order.at(-1), slots.active], ["empty", 0]);
});
