/**
 * What a process is like at the moment it is asked, for Prometheus.
 *
 * @module
 */
import prometheus from "prom-client";
import type { Durations } from "../base/durations.ts";
import { lookupTimes } from "../net/lookup_times.ts";
import type { Level } from "./facts.ts";

const { Counter, Gauge } = prometheus;

/** Where the numbers come from. */
export interface Sources {
  /** Connections held, and how many may be. */
  slots(): { readonly active: number; readonly limit: number };
  descriptors(): Level;
  readonly turns: Durations;
  /** Replies that were given, by the first digit of their codes. */
  replies(): readonly number[];
  readonly version: string;
}

/** Registers them; each is read when it is asked for. */
export function addGauges(
  registry: prometheus.Registry,
  { slots, descriptors, turns, replies, version }: Sources,
): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("postern_sessions", "Connections now.", () => slots().active);
  gauge(
    "postern_sessions_limit",
    "Connections that may be at once.",
    () => slots().limit,
  );
  gauge(
    "process_open_fds",
    "Number of open file descriptors.",
    () => descriptors().now,
  );
  gauge(
    "process_max_fds",
    "Maximum number of open file descriptors.",
    () => descriptors().most,
  );
  gauge(
    "process_resident_memory_bytes",
    "Resident memory size in bytes.",
    () => Deno.memoryUsage().rss,
  );
  new Gauge({
    name: "postern_build_info",
    help: "Always 1; the labels say what was built.",
    labelNames: ["version", "deno", "v8"],
    // One of the workers' speaks for all.
    aggregator: "first",
    registers: [registry],
  }).set({ version, deno: Deno.version.deno, v8: Deno.version.v8 }, 1);
  registry.registerMetric(histogram(
    "postern_turn_seconds",
    "How long turns of the event loop took, while others waited.",
    turns,
  ));
  registry.registerMetric(histogram(
    "postern_dns_seconds",
    "How long lookups in the DNS took.",
    lookupTimes,
  ));
  new Counter({
    name: "postern_replies_total",
    help: "Replies, by the class of their codes.",
    labelNames: ["class"],
    registers: [registry],
    collect() {
      this.reset();
      replies().forEach((count, digit) => {
        if (count > 0) this.inc({ class: `${digit}xx` }, count);
      });
    },
  });
}

/** Durations are counted in classes already, at no cost for who is waiting. */
function histogram(
  name: string,
  help: string,
  durations: Durations,
): prometheus.Metric<string> {
  const of = (
    suffix: string,
    labels: Record<string, string>,
    value: number,
  ) => ({
    metricName: `${name}_${suffix}`,
    labels,
    value,
  });
  const described = {
    name,
    help,
    type: "histogram",
    aggregator: "sum",
  };
  return {
    ...described,
    get() {
      const classes = durations.classes().map(({ boundMs, below }) =>
        of("bucket", { le: le(boundMs) }, below)
      );
      const values = [
        ...classes,
        of("sum", {}, durations.totalMs / 1000),
        of("count", {}, durations.count),
      ];
      return Promise.resolve({ ...described, values });
    },
    reset() {},
  } as unknown as prometheus.Metric<string>;
}

const le = (boundMs: number) =>
  boundMs === Infinity ? "+Inf" : String(boundMs / 1000);
