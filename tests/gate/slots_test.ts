import { assertEquals } from "@std/assert";
import { Slots } from "../../lib/gate/slots.ts";

Deno.test("slots are full at their limit", () => {
  const slots = new Slots(2);
  slots.take();
  assertEquals([slots.active, slots.isFull], [1, false]);
  slots.take();
  assertEquals([slots.active, slots.isFull], [2, true]);
  slots.give();
  assertEquals([slots.active, slots.isFull], [1, false]);
});

Deno.test("who waits for a slot is told once, by whoever gives one back", () => {
  const slots = new Slots(2);
  slots.take();
  slots.take();
  const told: number[] = [];
  slots.whenFree(() => told.push(slots.active));
  assertEquals(told, []);
  slots.give();
  assertEquals(told, [1]);
  slots.give();
  assertEquals(told, [1]);
});

Deno.test("who is told that a slot is free may take it and wait again", () => {
  const slots = new Slots(1);
  slots.take();
  let told = 0;
  const again = () => {
    told++;
    slots.take();
    slots.whenFree(again);
  };
  slots.whenFree(again);
  slots.give();
  assertEquals([told, slots.isFull], [1, true]);
  slots.give();
  assertEquals([told, slots.isFull], [2, true]);
});
