/** Facts of a gate that a test makes up. */
import type { Facts } from "../../lib/metrics/facts.ts";

export const now = Date.UTC(2026, 0, 2, 3, 4, 5);

export const factsFor = (some: Partial<Facts>): Facts => ({
  now,
  startedAt: now - 3_600_000,
  sessions: [{
    number: 1,
    ip: "192.0.2.1",
    host: null,
    helo: null,
    since: now - 5000,
    doing: "waiting for a command",
  }],
  active: 1,
  limit: 40,
  periods: [],
  refusals: [],
  levels: [],
  asked: [],
  certificates: [],
  rules: [],
  metrics: [],
  ...some,
});
