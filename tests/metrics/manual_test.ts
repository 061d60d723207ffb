/** postern-metrics(5) has what there is, in the words that Prometheus gets. */
import { assertEquals } from "@std/assert";
import { Durations } from "../../lib/base/durations.ts";
import { Counters } from "../../lib/metrics/counters.ts";
import { addGauges } from "../../lib/metrics/gauges.ts";

/** Of a metric, but for those whose numbers are counted elsewhere. */
interface Described {
  readonly name: string;
  readonly help: string;
  readonly type?: string;
  readonly labelNames?: readonly string[];
}

Deno.test("postern-metrics(5) has each number, its labels and its help", async () => {
  const { registry } = new Counters();
  addGauges(registry, {
    slots: () => ({ active: 0, limit: 0 }),
    descriptors: () => ({ what: "", now: 0, most: 0 }),
    turns: new Durations(),
    replies: () => [],
    version: "",
  });
  const types = new Map(
    (await registry.getMetricsAsJSON())
      .map(({ name, type }) => [name, String(type)]),
  );
  const all = registry.getMetricsAsArray() as unknown as Described[];
  const rows = all.map(({ name, help, labelNames = [] }) =>
    [name, types.get(name)!, labelNames.join(", "), help].join("|")
  );
  const url = new URL("../../scripts/man/postern-metrics.5", import.meta.url);
  const told = [
    ...Deno.readTextFileSync(url).matchAll(
      /^\.It Li (\w+) Pq (\w+)(?: by (.*))?\n(.*)$/gm,
    ),
  ].map(([, ...cells]) => cells.map((cell) => cell ?? "").join("|"));
  assertEquals(told.toSorted(), rows.toSorted());
});
