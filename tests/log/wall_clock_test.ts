import { assert, assertEquals } from "@std/assert";
import { WallClock } from "../../lib/log/wall_clock.ts";

/** What a clock tells while the real one goes on in steps of 50 us. */
function times(count: number, setAt: number, byMs: number) {
  let realMs = 1_795_507_938_375.6, set = 0;
  const clock = new WallClock(
    () => Math.floor(realMs + set),
    () => realMs - 1_795_000_000_000.3,
  );
  return Array.from({ length: count }, (_, i) => {
    realMs += 0.05;
    if (i === setAt) set = byMs;
    return { told: clock.now(), real: realMs + set };
  });
}

for (const byMs of [0, 7_200_000, -7_200_000, 0.4, -0.4, 3, -3]) {
  Deno.test(`WallClock follows a clock that is set by ${byMs} ms`, () => {
    for (const { told, real } of times(400, 200, byMs)) {
      assertEquals(Math.floor(told), Math.floor(real));
    }
  });
}

Deno.test("WallClock tells times within a millisecond apart, in order", () => {
  const told = times(400, -1, 0).map((each) => each.told);
  for (let i = 1; i < told.length; i++) assert(told[i] >= told[i - 1]);
  // It has found where a millisecond begins.
  assert(new Set(told.slice(100).map((ms) => ms.toFixed(3))).size > 290);
});

Deno.test("WallClock is the machine's, finer than the runtime's", () => {
  const clock = new WallClock();
  const before = Date.now();
  const told = Array.from({ length: 1000 }, clock.now);
  const after = Date.now() + 1;
  for (const ms of told) assert(before <= ms && ms < after, `${ms}`);
  assert(told.some((ms) => !Number.isInteger(ms)));
});
