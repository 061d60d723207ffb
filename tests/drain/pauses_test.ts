import { assertEquals } from "@std/assert";
import { Pauses, usualPausesMs } from "../../lib/drain/pauses.ts";
import { Topology } from "../../lib/queue/topology.ts";

const minute = 60_000, day = 24 * 60 * minute;
const topology = new Topology("p");
const pauses = new Pauses(topology, usualPausesMs, 5);

Deno.test("pauses grow, and end with the last of them for good", () => {
  assertEquals(
    [1, 2, 3, 4, 5, 6, 99].map((attempts) => pauses.after(attempts) / minute),
    [1, 5, 15, 60, 240, 240, 240],
  );
  const own = new Pauses(topology, [1000, 2000], 5);
  assertEquals([1, 2, 3].map((each) => own.after(each)), [1000, 2000, 2000]);
});

Deno.test("what rests is among others that rest about as long", () => {
  const at = (ms: number) => pauses.queueFor(ms);
  assertEquals(
    [1, 60_000, 60_001, 5 * minute, 15 * minute, 16 * minute, day].map(at),
    [1, 1, 2, 2, 3, 4, 5].map((i) => `p.retry.${i}`),
  );
});

Deno.test("five days after it was accepted a message is too old", () => {
  assertEquals(pauses.isTooOld(0, 5 * day - 1), false);
  assertEquals(pauses.isTooOld(0, 5 * day), true);
  assertEquals(new Pauses(topology, [1000], 0).isTooOld(7, 7), true);
});
