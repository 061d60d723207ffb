/**
 * What a worker had counted when it ended, for the one that takes its place:
 * a sum of all workers that falls looks to Prometheus as if each had begun
 * anew, and all that they ever counted had come in a moment.
 *
 * @module
 */
import prometheus from "prom-client";

/** Numbers that only grow. */
const lasting: readonly string[] = ["counter", "histogram"];

interface Described {
  readonly type: string;
}

/**
 * @param told by that worker, and by those before it, as prom-client's
 *   `getMetricsAsJSON` has them
 * @returns the same as of one
 */
export async function lastingMetrics(
  told: readonly unknown[],
): Promise<unknown[]> {
  if (told.length === 0) return [];
  const together = prometheus.AggregatorRegistry.aggregate(told as object[]);
  const all: readonly Described[] = await together.getMetricsAsJSON() as [];
  return all.filter(({ type }) => lasting.includes(type));
}
