/**
 * A whole site, each part of which is killed while mail comes: every message
 * that was acknowledged arrives whole, and what arrives twice is explained.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { dovecotPeers } from "../support/dovecot.ts";
import { Ledger } from "../support/ledger.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { type RabbitNode, rabbitPeers } from "../support/rabbitmq.ts";
import { randomFrom, runs } from "../support/random.ts";
import { type Site, withSite } from "../support/site.ts";

const messages = runs(20_000, 1500);
const isLong = messages > 5000;
const clients = 20;
/** So that the short form has mail on its way all the time. */
const pauseMs = isLong ? 0 : 150;
/** Kills while messages come; then all nodes at once. */
const betweenKillsMs = isLong ? [2000, 8000] : [1000, 2000];

/** Brokers that tell of themselves sooner than is usual take less time. */
const broker = isLong ? [] : ["collect_statistics_interval = 1000"];

type Part = "gate" | "node" | "drain" | "haproxy";

Deno.test(
  needing(
    { peers: [...rabbitPeers, ...dovecotPeers, "haproxy"], root: true },
    "nothing is lost by a site, whichever part of it dies",
  ),
  () => inFolder((folder) => withSite(folder, broker, lived)),
);

async function lived(site: Site): Promise<void> {
  const seed = Date.now() >>> 0;
  const to = (number: number) =>
    number % 3 ? "ann@in.example" : "b@box.example";
  const ledger = new Ledger(messages, seed, to);
  const kills = new Map<string, number>();
  try {
    await attacked(site, ledger, randomFrom(seed), kills);
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
  const { lost, broken, sentAgain, deliveredAgain } = ledger.arrivals();
  const figures = [
    `${ledger.acknowledged.size} acknowledged, ${lost.length} lost`,
    `${sentAgain} twice since the client was not told, and sent it again ` +
    `(of ${ledger.unsure} whose answer was another, or none)`,
    `${deliveredAgain} twice by the drains`,
    `killed: ${[...kills].map(([part, n]) => `${part} ${n}`).join(", ")}`,
    ...[...ledger.refusals].map(([said, n]) => `${n} x ${said.trim()}`),
  ];
  if (isLong) console.log(figures.join("\n"));
  assertEquals({ lost, broken }, { lost: [], broken: [] }, figures.join("\n"));
  assertEquals(ledger.acknowledged.size, messages);
  // Each copy more has its reason, and there are no others.
  assert(sentAgain <= ledger.unsure, figures.join("\n"));
  const held = 60; // what a drain has in its hands at most
  const deaths = (kills.get("drain") ?? 0) + 3 * (kills.get("node") ?? 0) +
    3 * (kills.get("all nodes") ?? 0);
  assert(deliveredAgain <= held * deaths, figures.join("\n"));
}

async function attacked(
  site: Site,
  ledger: Ledger,
  random: () => number,
  kills: Map<string, number>,
): Promise<void> {
  const count = (part: string) => kills.set(part, (kills.get(part) ?? 0) + 1);
  const pick = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)];
  const [least, most] = betweenKillsMs;
  let isSent = false;
  const sent = ledger.send(site.port, clients, pauseMs)
    .finally(() => isSent = true);
  const taken = () => ledger.acknowledged.size;
  await until("mail is taken", () => taken() > messages / 50 || isSent, 60);
  /** Until a node that was killed is up again. */
  let mended: Promise<void> = Promise.resolve();
  const kill: Record<Part, () => unknown> = {
    gate: () => pick(site.gates).signal("SIGKILL"),
    drain: () => pick(site.drains).signal("SIGKILL"),
    // To read its file again, while old connections end in peace.
    haproxy: () => site.haproxy.signal(random() < 0.5 ? "SIGUSR2" : "SIGKILL"),
    async node() {
      await mended;
      const node = pick(site.nodes);
      await node.end("SIGKILL");
      if (isLong) mended = startAgain(node);
    },
  };
  const isEnough = () => isSent || isLong && taken() > messages * 0.9;
  do {
    const order = (Object.keys(kill) as Part[])
      .map((part) => ({ part, at: random() }))
      .sort((a, b) => a.at - b.at);
    for (const { part } of order) {
      if (isEnough()) break;
      count(part);
      await kill[part]();
      const waitMs = least + random() * (most - least);
      await new Promise((over) => setTimeout(over, waitMs));
    }
  } while (isLong && !isEnough());
  await mended;
  count("all nodes");
  await site.killNodes();
  await site.startNodes();
  await sent;
  await until("all have arrived", async () => {
    for (const folder of site.mailboxes) await ledger.look(folder);
    return ledger.missing === 0;
  }, isLong ? 180 : 90).catch(() => {}); // what is lost is told by numbers
  // What is delivered twice may come a little later.
  await new Promise((over) => setTimeout(over, isLong ? 15_000 : 2000));
  for (const folder of site.mailboxes) await ledger.look(folder);
}

async function startAgain(node: RabbitNode): Promise<void> {
  node.start();
  await node.up();
}
