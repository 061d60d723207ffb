/**
 * Declares a shared queue: the one place that does.
 *
 * A declaration is on the disks of one node when it is acknowledged, and of the
 * others some seconds later: until then a power cut of all of them takes the
 * queue with everything in it. So the marker that gates and drains look for is
 * declared when there has been time for that.
 *
 * @module
 */
import type { ChannelModel } from "amqplib";
import { brokerWords } from "./broker.ts";
import { type Finding, wrong } from "./finding.ts";
import { connect, disconnect } from "./link.ts";
import { lookAt, managementOf, topologyOf, type View } from "./looking.ts";
import type { QueueOptions } from "./options.ts";
import type { QueuePlan, Topology } from "./topology.ts";

/** How long the management API may be behind. */
const behindMs = 20_000;
const againMs = 1000;

export interface SetupManner {
  /** For the declarations to be on all disks. */
  readonly waitSeconds: number;
  /** Nothing is declared. */
  readonly isDry: boolean;
  /** A line for whoever waits. */
  tell(line: string): void;
  /** So many seconds are left; 0 when it is over. */
  tick(secondsLeft: number): void;
}

/**
 * @returns what stands against it; none: the queue is there
 * @throws Error if a broker cannot be asked
 */
export async function setUp(
  options: QueueOptions,
  manner: SetupManner,
): Promise<readonly Finding[]> {
  const model = await connect(options, "postern queue setup");
  try {
    return await new Setup(options, model, manner).run();
  } finally {
    await disconnect(model);
  }
}

class Setup {
  readonly #topology: Topology;
  readonly #management;

  constructor(
    readonly options: QueueOptions,
    readonly model: ChannelModel,
    readonly manner: SetupManner,
  ) {
    this.#topology = topologyOf(options);
    this.#management = managementOf(options);
  }

  async run(): Promise<readonly Finding[]> {
    const { tell, isDry } = this.manner;
    const { marker, queues } = this.#topology;
    const before = await this.#look();
    const all = wrongIn(before);
    if (all.length === 0) {
      tell("the queue is set up already");
      return [];
    }
    const obstacles = [
      ...all.filter(({ isMissing }) => !isMissing),
      ...this.#tooFewNodes(before),
    ];
    if (obstacles.length > 0) return obstacles;
    const missing = queues.filter(({ name }) => !before.depths.has(name));
    if (before.hasMarker) {
      tell(
        `warning: ${
          named(missing)
        } was there once, and is gone with all mail ` +
          "that was in it",
      );
    }
    if (isDry) {
      for (const { name } of missing) tell(`would declare the queue ${name}`);
      tell(`would declare the exchange ${marker}`);
      return [];
    }
    if (before.hasMarker) await this.#unmark();
    // What is there first: if that is something else nothing is declared.
    const there = queues.filter((plan) => !missing.includes(plan));
    for (const plan of [...there, ...missing]) {
      const refused = await this.#declare(plan);
      if (refused !== null) return [refused];
      if (missing.includes(plan)) tell(`declared the queue ${plan.name}`);
    }
    await this.#wait();
    const obstacle = await this.#settled();
    if (obstacle.length > 0) return obstacle;
    const refused = await this.#mark();
    if (refused !== null) return [refused];
    tell(`declared the exchange ${marker}: gates and drains may use the queue`);
    return wrongIn(await this.#look());
  }

  #look(): Promise<View> {
    return lookAt(this.model, this.options, this.#management);
  }

  #tooFewNodes({ running }: View): Finding[] {
    const { members } = this.options;
    if (running === null || running >= members) return [];
    const told = `${running} nodes are running, ${members} are wanted`;
    const remedy = "start the others, or let more join the cluster";
    return [wrong("nodes", told, remedy)];
  }

  /** All but the marker; again while the management API is behind. */
  async #settled(): Promise<Finding[]> {
    const end = performance.now() + behindMs;
    for (;;) {
      const view = await this.#look();
      const { marker } = this.#topology;
      const found = wrongIn(view).filter((each) =>
        !(each.isMissing && each.check === "marker")
      );
      if (found.length === 0) return [];
      if (performance.now() > end) {
        return [
          ...found,
          wrong("marker", `the exchange ${marker} was not declared`, null),
        ];
      }
      await after(againMs);
    }
  }

  #declare({ name, arguments: wanted }: QueuePlan): Promise<Finding | null> {
    return this.#declaring(
      `queue ${name}`,
      `there is another queue ${name}`,
      (channel) =>
        channel.assertQueue(name, { durable: true, arguments: wanted }),
    );
  }

  #mark(): Promise<Finding | null> {
    const { marker } = this.#topology;
    return this.#declaring(
      "marker",
      `there is another exchange ${marker}`,
      (channel) => channel.assertExchange(marker, "direct", { durable: true }),
    );
  }

  /** So that nobody uses queues that are young again. */
  async #unmark(): Promise<void> {
    const channel = await this.model.createChannel();
    await channel.deleteExchange(this.#topology.marker);
    await channel.close();
  }

  async #declaring(
    check: string,
    whatElse: string,
    declare: (
      channel: Awaited<ReturnType<ChannelModel["createChannel"]>>,
    ) => Promise<unknown>,
  ): Promise<Finding | null> {
    const channel = await this.model.createChannel();
    channel.on("error", () => {}); // told by the call
    try {
      await declare(channel);
      await channel.close();
      return null;
    } catch (error) {
      const { code } = error as { code?: number };
      if (code === 406) {
        return wrong(
          check,
          `${whatElse}: ${brokerWords(error)}`,
          "take its messages away and delete it, or take other names " +
            "(--queue-prefix)",
        );
      }
      if (code === 403) {
        const told = `unable to declare the ${check}: ${brokerWords(error)}`;
        return wrong(check, told, "rabbitmqctl set_permissions");
      }
      throw error;
    }
  }

  async #wait(): Promise<void> {
    const { waitSeconds, tick } = this.manner;
    for (let left = waitSeconds; left > 0; left--) {
      tick(left);
      await after(1000);
    }
    tick(0);
  }
}

const wrongIn = ({ findings }: View): Finding[] =>
  findings.filter(({ state }) => state === "wrong");

const named = (plans: readonly QueuePlan[]) =>
  plans.map(({ name }) => name).join(", ");

const after = (ms: number) => new Promise<void>((over) => setTimeout(over, ms));
