/**
 * Listens to a gate's events, and knows for the status page, for Prometheus
 * and for `postern top` what has come of them.
 *
 * @module
 */
import type { Emit, GateEvent } from "../base/events.ts";
import type { Activity } from "../base/protocol.ts";
import { countDescriptors } from "../sys/descriptors.ts";
import { descriptorLimit } from "../sys/rlimit.ts";
import type { Durations } from "../base/durations.ts";
import { Asked } from "./asked.ts";
import { Counters } from "./counters.ts";
import {
  type Facts,
  type Level,
  type RulesFacts,
  type SessionFacts,
  steadyNow,
} from "./facts.ts";
import { addGauges } from "./gauges.ts";
import { Ledger } from "./ledger.ts";

/** Of the sessions that are named; the others are counted. */
const mostSessions = 200;
/** With thousands of them, counting descriptors may take its time. */
const countAgainMs = 5000;

/** Where the facts are that no event tells. */
export interface Sources {
  slots(): { readonly active: number; readonly limit: number };
  /**
   * What connections are at, by number; those of programs are not there.
   *
   * @param wanted numbers of those that are asked for
   */
  activities(wanted: ReadonlySet<number>): ReadonlyMap<number, Activity>;
  readonly turns: Durations;
  /** Replies that were given, by the first digit of their codes. */
  replies(): readonly number[];
  /** Paths of access rules. */
  readonly rules: readonly string[];
  readonly version: string;
}

interface Presence {
  readonly ip: string;
  readonly host: string | null;
  readonly since: number;
  /** Whether it was let in; before that its names are asked for. */
  readonly isIn: boolean;
}

export class Observer {
  readonly #counters = new Counters();
  readonly #ledger = new Ledger();
  readonly #asked = new Asked();
  /** By number; the oldest first. */
  readonly #present = new Map<number, Presence>();
  readonly #certificates = new Map<string, number>();
  readonly #startedAt = steadyNow();
  #descriptors: Level = { what: "descriptors", now: 0, most: 0 };
  #countedAt = -Infinity;

  constructor(readonly sources: Sources) {
    addGauges(this.#counters.registry, {
      ...sources,
      descriptors: () => this.#descriptorLevel(),
    });
  }

  readonly emit: Emit = (event) => {
    this.#note(event);
    this.#counters.emit(event);
    this.#ledger.emit(event);
    this.#asked.emit(event);
  };

  /** @param hasMetrics whether Prometheus' numbers are wanted, too */
  async facts(hasMetrics: boolean): Promise<Facts> {
    const { active, limit } = this.sources.slots();
    return {
      now: steadyNow(),
      startedAt: this.#startedAt,
      sessions: this.#sessions(),
      active,
      limit,
      periods: this.#ledger.periods,
      refusals: this.#ledger.refusals,
      levels: [this.#descriptorLevel()],
      asked: this.#asked.facts,
      certificates: [...this.#certificates]
        .map(([path, expires]) => ({ path, expires })),
      rules: this.sources.rules.map(rulesAt),
      metrics: hasMetrics
        ? [await this.#counters.registry.getMetricsAsJSON()]
        : [],
    };
  }

  #note(event: GateEvent): void {
    switch (event.type) {
      case "connection.begun":
        this.#present.set(event.number, {
          ip: event.ip,
          host: null,
          since: steadyNow(),
          isIn: false,
        });
        return;
      case "connection.ok": {
        const { remote, remoteHost } = event.connection;
        const since = this.#present.get(event.number)?.since ?? steadyNow();
        this.#present.set(event.number, {
          ...{ ip: remote.ip, host: remoteHost, since },
          isIn: true,
        });
        return;
      }
      case "connection.ended":
      case "connection.broken":
        this.#present.delete(event.number ?? 0);
        return;
      case "certificate.taken":
        if (event.until === null) this.#certificates.delete(event.path);
        else this.#certificates.set(event.path, Date.parse(event.until));
        return;
    }
  }

  #sessions(): SessionFacts[] {
    const numbers = [...this.#present.keys().take(mostSessions)];
    const activities = this.sources.activities(new Set(numbers));
    return numbers.map((number) => {
      const activity = activities.get(number);
      const { isIn, ...present } = this.#present.get(number)!;
      return {
        number,
        ...present,
        helo: activity?.helo ?? null,
        doing: activity?.doing ??
          (isIn ? "has a program" : "waits to be let in"),
      };
    });
  }

  #descriptorLevel(): Level {
    const now = performance.now();
    if (now - this.#countedAt > countAgainMs) {
      this.#countedAt = now;
      this.#descriptors = {
        what: "descriptors",
        now: countDescriptors(),
        most: descriptorLimit().soft,
      };
    }
    return this.#descriptors;
  }
}

function rulesAt(path: string): RulesFacts {
  try {
    return { path, written: Deno.statSync(path).mtime?.getTime() ?? null };
  } catch {
    return { path, written: null }; // the page says so
  }
}
