/**
 * The event loop in random order. POSTERN_SEED repeats a run, as far as the
 * system does the same again; POSTERN_RUNS=all makes it long.
 *
 * @module
 */
import { assert } from "@std/assert";
import { runs } from "../support/random.ts";
import { Fuzz } from "./event_loop_fuzz.ts";

/** Each has to have happened, else the rest proves little. */
const rare = [
  ...["bytes", "end", "reset", "drained", "room", "time over", "error"],
  "close within a callback",
  "close with unsent bytes",
  "number used again",
];

Deno.test("everything comes to whom it belongs, whatever happens when", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const asked = Deno.env.get("POSTERN_SEED");
  const seed = Number(asked ?? Math.floor(Math.random() * 2 ** 32));
  const fuzz = new Fuzz(seed);
  try {
    await fuzz.run(runs(1_000_000, 50_000));
  } catch (error) {
    throw new Error(`POSTERN_SEED=${seed}`, { cause: error });
  }
  for (const what of rare) {
    const times = fuzz.seen[what] ?? 0;
    assert(times > 10, `${what}: ${times} times, POSTERN_SEED=${seed}`);
  }
});
