/** Workers tell each other, and go on with what those before them counted. */
import { assert, assertEquals } from "@std/assert";
import { Counters } from "../../lib/metrics/counters.ts";
import { factsFor } from "../metrics/facts.ts";

/** Descriptors are handed by the environment, once for each process. */
async function withFiles(
  count: number,
  act: (
    worker: (
      index: number,
    ) => import("../../lib/process/shared_facts.ts").SharedFacts,
  ) => Promise<void>,
): Promise<void> {
  const { factsFiles, SharedFacts } = await import(
    "../../lib/process/shared_facts.ts"
  );
  const handed = await import("../../lib/sys/handed_files.ts");
  const renewed = factsFiles(count);
  Deno.env.set(handed.filesVariable, handed.filesText({ renewed }));
  try {
    await act((index) => new SharedFacts({ index, count, places: [] }));
  } finally {
    Deno.env.delete(handed.filesVariable);
  }
}

const counted = async (messages: number) => {
  const { registry, emit } = new Counters();
  for (let i = 0; i < messages; i++) {
    emit({ type: "trouble", text: "x" });
  }
  return await registry.getMetricsAsJSON();
};

const troublesIn = (metrics: readonly unknown[]) =>
  (metrics as { name: string; values: { value: number }[] }[])
    .find(({ name }) => name === "postern_troubles_total")?.values[0].value;

Deno.test("what one tells the others read, and who takes its place goes on", () =>
  withFiles(3, async (worker) => {
    const first = worker(0), second = worker(1);
    assertEquals(first.read(), []);
    assertEquals(await second.before(), []);
    second.write(factsFor({ active: 2, metrics: [await counted(2)] }));
    worker(2).write(factsFor({ active: 3 }));
    assertEquals(first.read().map(({ active }) => active), [2, 3]);
    assertEquals(second.read().map(({ active }) => active), [3]);
    // It tells what it has counted, and what the one before it had.
    const before = await worker(1).before();
    assertEquals(troublesIn(before), 2);
    second.write(factsFor({ metrics: [await counted(5), before] }));
    const both = await worker(1).before();
    assertEquals(troublesIn(both), 7);
    const types = new Set((both as { type: string }[]).map(({ type }) => type));
    assert(types.isSubsetOf(new Set(["counter", "histogram"])));
  }));
