/**
 * A shared queue in a broker of a test's own, what is put into it and what is
 * there, and a drain that empties it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import amqp, { type Channel, type ChannelModel } from "amqplib";
import type { Queued } from "../../lib/queue/frame.ts";
import { framed, unframed } from "../../lib/queue/frame.ts";
import { Topology } from "../../lib/queue/topology.ts";
import { postern, until } from "./peers.ts";
import type { RabbitNode } from "./rabbitmq.ts";

type Bytes = Uint8Array<ArrayBuffer>;

let messages = 0;

/** A message that was just accepted. */
export const queued = (more: Partial<Queued> = {}): Queued => ({
  id: `bcdfghjkmnpq-1-${++messages}`,
  sender: "sender@out.example",
  recipients: ["ann@in.example"],
  binary: false,
  acceptedAt: Date.now(),
  client: {
    ...{ ip: "192.0.2.7", host: null, helo: "c.example", user: null },
    protocol: "ESMTP",
  },
  attempts: 0,
  due: 0,
  troubles: {},
  ...more,
});

export class TestQueue {
  readonly topology: Topology;
  #model: ChannelModel | null = null;

  constructor(readonly node: RabbitNode, prefix: string, members = 1) {
    this.topology = new Topology(prefix, members);
  }

  /** What `postern queue setup` does, without the wait. */
  async declare(): Promise<void> {
    const channel = await (await this.#connection()).createChannel();
    for (const { name, arguments: plan } of this.topology.queues) {
      await channel.assertQueue(name, { durable: true, arguments: plan });
    }
    const { marker } = this.topology;
    await channel.assertExchange(marker, "fanout", { durable: true });
    await channel.close();
  }

  /** Puts it where it is delivered from, or elsewhere. */
  async put(
    facts: Queued,
    text: string | Bytes = "Subject: x\n\nbody\n",
    queue = this.topology.ready,
  ): Promise<void> {
    const bytes = typeof text === "string"
      ? new TextEncoder().encode(text)
      : text;
    await this.putBytes(framed(facts, bytes), queue);
  }

  async putBytes(
    bytes: Bytes,
    queue = this.topology.ready,
  ): Promise<void> {
    await this.putAll([bytes], queue);
  }

  async putAll(all: Iterable<Bytes>, queue = this.topology.ready) {
    const channel = await (await this.#connection()).createConfirmChannel();
    for (const bytes of all) {
      channel.sendToQueue(queue, Buffer.from(bytes), { persistent: true });
    }
    await channel.waitForConfirms();
    await channel.close();
  }

  /** How many wait in a queue, those that somebody has taken left out. */
  async depth(queue: string): Promise<number> {
    const channel = await (await this.#connection()).createChannel();
    const { messageCount } = await channel.checkQueue(queue);
    await channel.close();
    return messageCount;
  }

  /** All that are in a queue, taken from it for good. */
  async empty(queue: string): Promise<Bytes[]> {
    const channel = await (await this.#connection()).createChannel();
    const found: Bytes[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) break;
      found.push(new Uint8Array(message.content));
    }
    await channel.close();
    return found;
  }

  async dead(): Promise<Queued[]> {
    const all = await this.empty(this.topology.dead);
    return all.map((bytes) => unframed(bytes).facts);
  }

  async channel(): Promise<Channel> {
    const channel = await (await this.#connection()).createChannel();
    channel.on("error", () => {}); // told by whoever uses it
    return channel;
  }

  /** Ends the connection of the test itself. */
  async close(): Promise<void> {
    const model = this.#model;
    this.#model = null;
    await model?.close().catch(() => {}); // the broker may have gone
  }

  async #connection(): Promise<ChannelModel> {
    if (this.#model !== null) return this.#model;
    const model = await amqp.connect(this.node.url);
    model.on("error", () => {}); // told by whoever uses it
    model.on("close", () => this.#model = null);
    return this.#model = model;
  }
}

/** What a drain of such a queue is told, whatever else. */
export const drainArgs = (
  { node, topology }: TestQueue,
  url = node.url,
  management = "none",
): string[] => [
  "drain",
  url,
  ...["--queue-prefix", topology.ready, "--me", "drain.example"],
  ...["--queue-members", `${topology.members}`],
  ...["--queue-management", management],
];

export class TestDrain {
  log = "";
  #hasEnded = false;
  readonly #read: Promise<void>;

  constructor(readonly child: Deno.ChildProcess) {
    this.#read = this.#collect();
  }

  /** Starts one, and waits until it takes messages. */
  static async start(
    queue: TestQueue,
    args: readonly string[],
  ): Promise<TestDrain> {
    const drain = new TestDrain(
      new Deno.Command(postern, {
        args: [...drainArgs(queue), ...args],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn(),
    );
    try {
      await drain.logged(/takes messages/);
    } catch (error) {
      await drain.stop("SIGKILL");
      throw error;
    }
    return drain;
  }

  async logged(pattern: RegExp, seconds = 20): Promise<void> {
    try {
      const found = () => pattern.test(this.log);
      await until("a log line", () => found() || this.#hasEnded, seconds);
      if (!found()) throw new Error("it has ended");
    } catch {
      throw new Error(`no match of ${pattern} in:\n${this.log.slice(-4000)}`);
    }
  }

  /** How many lines of the log have a match. */
  count(pattern: RegExp): number {
    return this.log.split("\n").filter((line) => pattern.test(line)).length;
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    try {
      this.child.kill(signal);
    } catch {
      // It has ended by itself.
    }
    const { code } = await this.child.status;
    await this.#read;
    return code;
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.child.stderr) {
      this.log += decoder.decode(bytes, { stream: true });
    }
    this.#hasEnded = true;
  }
}

/** Runs `fn` with a drain, which is stopped whatever happens. */
export async function withDrain(
  queue: TestQueue,
  args: readonly string[],
  fn: (drain: TestDrain) => Promise<void>,
): Promise<void> {
  const drain = await TestDrain.start(queue, args);
  try {
    await fn(drain);
  } catch (error) {
    throw new Error(`the drain said:\n${drain.log.slice(-3000)}`, {
      cause: error,
    });
  } finally {
    await drain.stop("SIGKILL");
  }
}
