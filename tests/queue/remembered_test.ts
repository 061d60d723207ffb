/**
 * What is not told just now counts as it was seen, for a while.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ok, untold, wrong } from "../../lib/queue/finding.ts";
import { Remembered } from "../../lib/queue/remembered.ts";

const well = ok("queue postern", "quorum");
const silent = untold("queue postern", "not told", "wait");
const bad = wrong("marker", "gone", null);

Deno.test("what a broker does not tell is wrong, unless all was well lately", () => {
  const remembered = new Remembered();
  const cases = [
    [0, [silent], [silent]],
    [1, [well], []],
    [89_000, [well, silent], []],
    [89_500, [silent, bad], [bad]],
    // From when it was told, not from the last look.
    [90_001, [silent], [silent]],
    [90_002, [well], []],
    [90_003, [bad], [bad]],
  ] as const;
  for (const [now, findings, expected] of cases) {
    assertEquals(remembered.wrongOf(findings, now), [...expected], `${now}`);
  }
});
