/**
 * What a gate knows of itself, for the status page and `postern top`: plain
 * data, which a worker hands on as JSON.
 *
 * @module
 */

import { askedTogether } from "./asked.ts";

/**
 * Milliseconds since 1970 by a clock that no administrator sets: for ages, and
 * for what is put in order.
 */
export const steadyNow = (): number =>
  performance.timeOrigin + performance.now();

/** A connection that is there now. Names are byte strings, as strangers gave them. */
export interface SessionFacts {
  readonly number: number;
  readonly ip: string;
  /** Of the client, by the DNS. */
  readonly host: string | null;
  /** What the client calls itself; null before it has. */
  readonly helo: string | null;
  /** By the steady clock. */
  readonly since: number;
  /** In a few words. */
  readonly doing: string;
}

/** Somebody or something that was not let in. Names are byte strings. */
export interface Refusal {
  /** By the steady clock. */
  readonly time: number;
  readonly ip: string;
  /** `connection`, `recipient`, `message`, `log-in`, `handshake`. */
  readonly what: string;
  readonly why: string;
}

/** What happened within a piece of time. */
export interface Period {
  /** Its number since 1970, counted in periods, by the steady clock. */
  readonly index: number;
  connections: number;
  stored: number;
  refused: number;
  /** Most sessions at once. */
  sessions: number;
}

/** How long a period is. */
export const periodMs = 10_000;
/** The last half an hour. */
export const periods = 180;

/** How much of something there is, and may be. */
export interface Level {
  readonly what: string;
  readonly now: number;
  readonly most: number;
}

/** A policy or a filter, since the gate was started. */
export interface AskedFacts {
  readonly name: string;
  readonly asked: number;
  /** How often it wanted something else than to let mail in. */
  readonly minded: number;
  readonly totalMs: number;
  readonly longestMs: number;
}

export interface CertificateFacts {
  readonly path: string;
  /** Milliseconds since 1970, by the calendar. */
  readonly expires: number;
}

export interface RulesFacts {
  readonly path: string;
  /** When the file was written, by the calendar; null if it is not there. */
  readonly written: number | null;
}

export interface Facts {
  /** When they were taken, by the steady clock, as all times in them. */
  readonly now: number;
  readonly startedAt: number;
  /** The oldest first, up to a bound. */
  readonly sessions: readonly SessionFacts[];
  /** How many there are. */
  readonly active: number;
  readonly limit: number;
  readonly periods: readonly Period[];
  /** The newest first, up to a bound. */
  readonly refusals: readonly Refusal[];
  readonly levels: readonly Level[];
  readonly asked: readonly AskedFacts[];
  readonly certificates: readonly CertificateFacts[];
  readonly rules: readonly RulesFacts[];
  /** Of each worker, as prom-client's `getMetricsAsJSON` has them. */
  readonly metrics: readonly unknown[];
}

const mostRefusals = 50;

/**
 * Of all workers together.
 *
 * @param all at least one
 */
export function together(all: readonly Facts[]): Facts {
  const [first, ...others] = all;
  if (others.length === 0) return first;
  return {
    now: first.now,
    startedAt: Math.min(...all.map((each) => each.startedAt)),
    sessions: all.flatMap((each) => each.sessions)
      .sort((a, b) => a.since - b.since),
    active: sum(all.map((each) => each.active)),
    limit: sum(all.map((each) => each.limit)),
    periods: periodsTogether(all.flatMap((each) => each.periods)),
    refusals: all.flatMap((each) => each.refusals)
      .sort((a, b) => b.time - a.time).slice(0, mostRefusals),
    levels: all.flatMap(({ levels }, i) =>
      levels.map((each) => ({ ...each, what: `${each.what}, worker ${i + 1}` }))
    ),
    asked: askedTogether(all.map((each) => each.asked)),
    // Each worker has the same.
    certificates: first.certificates,
    rules: first.rules,
    metrics: all.flatMap((each) => each.metrics),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

function periodsTogether(all: readonly Period[]): Period[] {
  const found = new Map<number, Period>();
  for (const each of all) {
    const period = found.get(each.index);
    if (!period) {
      found.set(each.index, { ...each });
      continue;
    }
    period.connections += each.connections;
    period.stored += each.stored;
    period.refused += each.refused;
    period.sessions += each.sessions;
  }
  return [...found.values()].sort((a, b) => a.index - b.index);
}
