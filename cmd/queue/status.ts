/**
 * postern queue status.
 *
 * @module
 */
import { print } from "../../lib/cli/output.ts";
import {
  lookAt,
  topologyOf,
  unseenFindings,
  type View,
} from "../../lib/queue/looking.ts";
import type { QueueOptions } from "../../lib/queue/options.ts";
import type { Topology } from "../../lib/queue/topology.ts";
import { writtenUrl } from "../../lib/queue/url.ts";
import { connected, findingLines, json } from "./asking.ts";
import type { QueueCommandOptions } from "./options.ts";

interface Filling {
  readonly name: string;
  readonly ready: number;
  /** Given to a drain, and not settled yet; null where nobody tells. */
  readonly held: number | null;
  readonly consumers: number;
}

/** Resolves to the exit code; throws Fatal. */
export async function showStatus(
  queue: QueueOptions,
  { format }: Pick<QueueCommandOptions, "format">,
): Promise<number> {
  const { findings, fillings } = await connected(queue, async (model) => {
    const view = await lookAt(model, queue);
    const findings = [...view.findings, ...unseenFindings];
    return { findings, fillings: fillingsOf(view, topologyOf(queue)) };
  });
  const isWell = findings.every(({ state }) => state !== "wrong");
  if (format === "json") {
    print(json({
      url: writtenUrl(queue.url),
      ok: isWell,
      checks: findings.map(({ check, state, told, remedy }) => ({
        ...{ check, state, told, remedy },
      })),
      queues: fillings,
    }));
  } else {
    print(...findings.flatMap(findingLines), "", ...table(fillings));
  }
  return isWell ? 0 : 1;
}

/** The last one that setup declares is the first that people ask for. */
function fillingsOf({ depths, queues }: View, topology: Topology): Filling[] {
  const found: Filling[] = [];
  for (const { name } of topology.queues.toReversed()) {
    const depth = depths.get(name);
    if (depth === undefined) continue;
    const { messages: ready, consumers } = depth;
    const held = (queues.get(name) as { messages_unacknowledged?: unknown })
      ?.messages_unacknowledged;
    found.push({
      ...{ name, ready, consumers },
      held: typeof held === "number" ? held : null,
    });
  }
  return found;
}

function table(fillings: readonly Filling[]): string[] {
  const rows = [
    ["QUEUE", "WAITING", "HELD", "CONSUMERS"],
    ...fillings.map(({ name, ready, held, consumers }) => [
      ...[name, `${ready}`, held === null ? "?" : `${held}`, `${consumers}`],
    ]),
  ];
  const widths = rows[0].map((_, i) =>
    Math.max(...rows.map((row) => row[i].length))
  );
  return rows.map((row) =>
    row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
    ).join("  ")
  );
}
