import { assert, assertEquals } from "@std/assert";
import { Durations } from "../../lib/base/durations.ts";

Deno.test("Durations.below() is a bound, and at most what the longest took", () => {
  const turns = new Durations();
  assertEquals([turns.count, turns.longestMs, turns.below(0.99)], [0, 0, 0]);
  for (let i = 0; i < 98; i++) turns.record(i / 1000);
  assertEquals([turns.below(0.99), turns.below(1)], [0.097, 0.097]);
  turns.record(4);
  turns.record(90);
  assertEquals([turns.count, turns.longestMs], [100, 90]);
  const short = turns.below(0.98);
  assert(short >= 0.097 && short < 4, `${short}`);
  const long = turns.below(0.99);
  assert(long >= 4 && long < 90, `${long}`);
  assertEquals(turns.below(1), 90);
});

Deno.test("Durations counts what is above all bounds", () => {
  const turns = new Durations();
  turns.record(1);
  turns.record(100_000);
  assertEquals([turns.below(0.5), turns.below(1)], [1, 100_000]);
});
