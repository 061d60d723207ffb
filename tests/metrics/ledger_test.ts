/** The last half an hour, bounded whoever comes. */
import { assertEquals } from "@std/assert";
import type { GateEvent } from "../../lib/base/events.ts";
import { periodMs, periods, together } from "../../lib/metrics/facts.ts";
import { Ledger } from "../../lib/metrics/ledger.ts";
import { factsFor } from "./facts.ts";

const failed = (ip: string, reason = "no"): GateEvent => ({
  type: "tls.failed",
  ip,
  connection: null,
  reason,
});

Deno.test("what happens is counted in its period", () => {
  let now = 0;
  const ledger = new Ledger(() => now);
  const status = (active: number): GateEvent => ({
    type: "status",
    active,
    limit: 9,
    asked: false,
  });
  ledger.emit(status(2));
  ledger.emit(status(1));
  ledger.emit(failed("192.0.2.1"));
  now = periodMs;
  ledger.emit(failed("192.0.2.1"));
  ledger.emit(failed("192.0.2.2"));
  assertEquals(ledger.periods, [
    { index: 0, connections: 0, stored: 0, refused: 1, sessions: 2 },
    { index: 1, connections: 0, stored: 0, refused: 2, sessions: 1 },
  ]);
  assertEquals(ledger.refusals.map(({ ip }) => ip), [
    "192.0.2.2",
    "192.0.2.1",
    "192.0.2.1",
  ]);
});

Deno.test("neither time nor strangers make it grow", () => {
  let now = 0;
  const ledger = new Ledger(() => now);
  for (let i = 0; i < 2 * periods; i++) {
    now += periodMs;
    ledger.emit(failed("192.0.2.1", "x".repeat(10_000)));
  }
  assertEquals(ledger.periods.length, periods);
  assertEquals(ledger.refusals.length, 50);
  assertEquals(ledger.refusals[0].why.length, 200);
});

Deno.test("workers are added up", () => {
  const [a, b] = [1, 2].map((n) =>
    factsFor({
      startedAt: n,
      active: n,
      limit: 10,
      periods: [
        { index: 7, connections: n, stored: n, refused: n, sessions: n },
        { index: 7 + n, connections: 1, stored: 0, refused: 0, sessions: 0 },
      ],
      refusals: [{ time: n, ip: `192.0.2.${n}`, what: "connection", why: "" }],
      levels: [{ what: "descriptors", now: n, most: 9 }],
      metrics: [n],
    })
  );
  const all = together([a, b]);
  assertEquals([all.startedAt, all.active, all.limit], [1, 3, 20]);
  assertEquals(
    all.periods.map(({ index, connections }) => [index, connections]),
    [
      [7, 3],
      [8, 1],
      [9, 1],
    ],
  );
  assertEquals(all.refusals.map(({ time }) => time), [2, 1]);
  assertEquals(all.levels.map(({ what }) => what), [
    "descriptors, worker 1",
    "descriptors, worker 2",
  ]);
  assertEquals(all.metrics, [1, 2]);
});
