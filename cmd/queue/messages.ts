/**
 * postern queue list, show, retry and drop.
 *
 * @module
 */
import type { ChannelModel } from "amqplib";
import { toBytes } from "../../lib/base/bytes.ts";
import { Fatal } from "../../lib/base/fatal.ts";
import { complain, print, write } from "../../lib/cli/output.ts";
import { type Lying, renewed, walk } from "../../lib/queue/contents.ts";
import { findingLine } from "../../lib/queue/finding.ts";
import { framed } from "../../lib/queue/frame.ts";
import { lookAt, topologyOf } from "../../lib/queue/looking.ts";
import type { QueueOptions } from "../../lib/queue/options.ts";
import { Publisher } from "../../lib/queue/publisher.ts";
import type { Topology } from "../../lib/queue/topology.ts";
import { connected, json, safe } from "./asking.ts";
import type { QueueCommandOptions } from "./options.ts";
import { asJson, listLines, shown, textLines } from "./told.ts";

type Told = readonly string[] | ReturnType<typeof asJson>;
type Where = Pick<QueueCommandOptions, "where">;

const queuesOf = (topology: Topology, { where }: Where): readonly string[] => {
  switch (where) {
    case "dead":
      return [topology.dead];
    case "retry":
      return topology.retries;
    case "ready":
      return [topology.ready];
  }
};

/** Resolves to the exit code, as all of these; throws Fatal. */
export async function listMessages(
  queue: QueueOptions,
  said: Where & Pick<QueueCommandOptions, "most" | "format">,
  calledAs: string,
): Promise<number> {
  const found: { readonly at: number; readonly told: Told }[] = [];
  let unseen = 0;
  await connected(queue, async (model) => {
    for (const name of queuesOf(topologyOf(queue), said)) {
      unseen += await walk(model, name, said.most, (lying) => {
        const { due = 0, acceptedAt = Number.MAX_VALUE } = lying.facts ?? {};
        const told = said.format === "json" ? asJson(lying) : listLines(lying);
        found.push({ at: due || acceptedAt, told });
        return "stays";
      });
    }
  });
  // A broker has those in front that were not looked at last.
  found.sort((one, other) => one.at - other.at);
  const all = found.map(({ told }) => told);
  if (said.format === "json") {
    print(json({ messages: all, unseen }));
    return 0;
  }
  print(...all.flat() as string[]);
  if (unseen > 0) {
    complain(`${calledAs}: ${unseen} more: --most ${said.most + unseen}`);
  }
  return 0;
}

export async function showMessage(
  queue: QueueOptions,
  id: string,
  said: Where & Pick<QueueCommandOptions, "text" | "format">,
  calledAs: string,
): Promise<number> {
  let count = 0;
  await connected(queue, (model) =>
    walkAll(model, queue, said, (lying) => {
      if (lying.id !== id) return "stays";
      count++;
      if (said.text) write([textFor(lying)]);
      else if (said.format === "json") print(json(asJson(lying)));
      else print(...shown(lying));
      return "stays";
    }));
  return count > 0 ? 0 : nothing(new Set([id]), said, calledAs);
}

/** On a terminal nothing of it moves the cursor. */
const textFor = ({ text }: Lying): Uint8Array =>
  Deno.stdout.isTerminal()
    ? toBytes(textLines(text).map((line) => `${line}\n`).join(""))
    : text;

export async function retryMessages(
  queue: QueueOptions,
  ids: ReadonlySet<string> | null,
  said: Where & Pick<QueueCommandOptions, "dryRun">,
  calledAs: string,
): Promise<number> {
  const { ready } = topologyOf(queue);
  const publisher = new Publisher(queue, checkOf(queue), () => {});
  const put = async (lying: Lying): Promise<boolean> => {
    const { facts, text, id } = lying;
    if (facts === null) {
      complain(`${calledAs}: ${safe(id)} stays: ${lying.why}`);
      return false;
    }
    const body = framed(renewed(facts, Date.now()), text);
    const published = await publisher.publish(ready, body, id);
    if (published.type === "stored") return true;
    throw new Fatal(
      111,
      `unable to put ${safe(id)} to be delivered: ${published.why}; it may ` +
        "be there all the same, and stays where it was, too",
    );
  };
  try {
    return await settle(queue, ids, said, calledAs, "put to be delivered", put);
  } finally {
    await publisher.close();
  }
}

/** The queue that is to take it is looked at, as by a gate. */
const checkOf = (queue: QueueOptions) => async (model: ChannelModel) => {
  const { findings } = await lookAt(model, queue);
  const wrong = findings.find(({ state }) => state === "wrong");
  if (wrong) throw new Error(findingLine(wrong));
};

export const dropMessages = (
  queue: QueueOptions,
  ids: ReadonlySet<string> | null,
  said: Where & Pick<QueueCommandOptions, "dryRun">,
  calledAs: string,
): Promise<number> =>
  settle(queue, ids, said, calledAs, "thrown away", () => true);

/**
 * Takes messages out of the queue that they are in.
 *
 * @param act what is done before; whether it may go
 */
async function settle(
  queue: QueueOptions,
  ids: ReadonlySet<string> | null,
  { where, dryRun }: Where & Pick<QueueCommandOptions, "dryRun">,
  calledAs: string,
  what: string,
  act: (lying: Lying) => boolean | Promise<boolean>,
): Promise<number> {
  const left = new Set(ids);
  let count = 0;
  await connected(
    queue,
    (model) =>
      walkAll(model, queue, { where }, async (lying) => {
        if (ids !== null && !ids.has(lying.id)) return "stays";
        left.delete(lying.id);
        if (!dryRun && !await act(lying)) return "stays";
        count++;
        print(`${safe(lying.id)}: ${dryRun ? "would be " : ""}${what}`);
        return dryRun ? "stays" : "goes";
      }),
  );
  if (left.size > 0) return nothing(left, { where }, calledAs);
  if (count === 0) complain(`${calledAs}: there is none`);
  return 0;
}

async function walkAll(
  model: ChannelModel,
  queue: QueueOptions,
  where: Where,
  judge: Parameters<typeof walk>[3],
): Promise<void> {
  for (const name of queuesOf(topologyOf(queue), where)) {
    await walk(model, name, Infinity, judge);
  }
}

/** A drain that holds a message keeps it from being seen. */
function nothing(
  ids: ReadonlySet<string>,
  { where }: Where,
  calledAs: string,
): number {
  const others = ["dead", "retry", "ready"].filter((each) => each !== where)
    .map((each) => `--${each}`).join(" or ");
  for (const id of ids) {
    complain(
      `${calledAs}: ${safe(id)} is not among those that are ${words[where]}, ` +
        `or a drain holds it; ${others} looks elsewhere`,
    );
  }
  return 1;
}

const words = {
  dead: "dead",
  retry: "to be tried again",
  ready: "to be delivered",
} as const;
