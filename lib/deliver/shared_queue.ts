/**
 * The target that puts messages into a queue that many machines share, for
 * `postern drain` to deliver. `stored` is said when a majority of the brokers
 * has the message on their disks.
 *
 * @module
 */
import { trouble } from "../base/events.ts";
import { reason } from "../base/reason.ts";
import type { QueueWatch } from "../queue/checks.ts";
import { frameHead, type Queued } from "../queue/frame.ts";
import {
  type QueueOptions,
  queueOptions,
  usualSettings,
} from "../queue/options.ts";
import type { Published, Publisher } from "../queue/publisher.ts";
import { Topology } from "../queue/topology.ts";
import { queueUrl, writtenUrl } from "../queue/url.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";
import { HopSecrets } from "../next_hop/secrets.ts";
import { ByteBudget } from "./byte_budget.ts";
import { Spool, spoolDescriptors, spoolFolder, spoolReach } from "./spool.ts";
import { insufficientStorage, storageFailure } from "./storage_failure.ts";
import type {
  Delivery,
  Envelope,
  Message,
  Refusal,
  Submitter,
  Target,
} from "./target.ts";
import type { TargetContext, TargetRow } from "./target_row.ts";

/** The library wants a message in one piece; so much of them at once. */
const budgetBytes = 64 << 20;

const later: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.3.0",
  text: "unable to queue the message now, try again later",
};

const tooLong: Refusal = {
  type: "never",
  code: 552,
  enhanced: "5.3.4",
  text: "sorry, that message size exceeds what the queue takes",
};

const unconfirmed: Published = {
  type: "unsure",
  why: "the broker has not confirmed those before it in time",
};

const row = (name: "amqp" | "amqps"): TargetRow => ({
  name,
  usage: `${name}://HOST[,HOST]/VHOST`,
  read(argument) {
    const url = queueUrl(`${name}:${argument ?? ""}`);
    return (context) => new SharedQueue(url, context);
  },
});

export const sharedQueueRows: readonly TargetRow[] = [
  row("amqp"),
  row("amqps"),
];

interface Loaded {
  readonly publisher: Publisher;
  readonly watch: QueueWatch;
}

class SharedQueue implements Target {
  readonly takesBinary = true;
  readonly takesUtf8 = true;
  readonly takesAll = true;
  readonly descriptors = spoolDescriptors;
  readonly topology: Topology;
  readonly options: QueueOptions;
  readonly budget = new ByteBudget(budgetBytes);
  readonly #secrets: HopSecrets;
  #loading: Promise<Loaded> | null = null;
  #loaded: Loaded | null = null;
  #starting: Promise<void> | null = null;
  /** Messages of which nobody knows whether a broker has them. */
  #failures = 0;

  constructor(url: QueueOptions["url"], readonly context: TargetContext) {
    const { settings = usualSettings, secrets = new HopSecrets(null, null) } =
      context.queue ?? {};
    this.topology = new Topology(settings.prefix);
    this.options = queueOptions(url, settings, secrets);
    this.#secrets = secrets;
  }

  /** For logs: what it was written as may have a password in it. */
  get name(): string {
    return writtenUrl(this.options.url);
  }

  set name(_written: string) {}

  /** Reads secrets; a broker that is not there yet is told of, and asked again. */
  async prepare(): Promise<void> {
    this.#secrets.prepare();
    await this.#ready();
  }

  async problems(): Promise<readonly string[]> {
    const found = this.#secrets.problems();
    if (found.length > 0) return found;
    const { watch } = await this.#load();
    try {
      await watch.start();
      return [];
    } catch (error) {
      return [`${this.name}: ${reason(error)}`];
    } finally {
      watch.close();
    }
  }

  reach(env: ProgramEnvironment) {
    return {
      writes: [spoolReach(spoolFolder(env))],
      secrets: this.#secrets.paths,
    };
  }

  refresh(): void {
    try {
      this.#secrets.read();
    } catch (error) {
      const why = reason(error);
      this.context.emit(trouble(`${why}; what was read before stays`));
    }
  }

  close(): void {
    this.#loaded?.watch.close();
    this.#loaded?.publisher.close().catch(() => {}); // it has gone already
  }

  /** Told before the text: a broker without room says so. */
  accepts = (): Refusal | null => {
    const blocked = this.#loaded?.publisher.blocked ?? null;
    if (blocked !== null) return insufficientStorage;
    const refusal = this.#loaded?.watch.refusal ?? null;
    return refusal === null ? null : later;
  };

  open(envelope: Envelope, submitter: Submitter): Message {
    return new QueuedMessage(this, envelope, submitter);
  }

  /** Puts a message there, and says what came of it. */
  async put(
    facts: Queued,
    bytes: number,
    read: () => AsyncIterable<Uint8Array>,
  ): Promise<Delivery> {
    const { publisher, watch } = await this.#ready();
    const head = frameHead(facts);
    const length = head.length + bytes;
    if (watch.mostBytes !== null && length > watch.mostBytes) return tooLong;
    if (watch.refusal !== null) return this.#untaken(facts, watch.refusal);
    const { confirmSeconds } = this.options;
    const endsAt = performance.now() + confirmSeconds * 1000;
    const failures = this.#failures;
    const published = await this.budget.holding(length, async () => {
      // One after the other would wait as long as the first for who hangs.
      const isVain = this.#failures > failures && performance.now() > endsAt;
      if (isVain) return unconfirmed;
      const body = new Uint8Array(length);
      body.set(head);
      let at = head.length;
      for await (const piece of read()) {
        body.set(piece, at);
        at += piece.length;
      }
      return await publisher.publish(this.topology.ready, body, facts.id);
    });
    if (published.type === "stored") return { type: "stored", id: facts.id };
    if (published.type === "unsure") this.#failures++;
    if (published.type === "tooLong") watch.tooLong(published.why);
    return this.#untaken(facts, published.why, published.type);
  }

  #untaken(
    { id }: Queued,
    why: string,
    type: Published["type"] = "unsure",
  ): Refusal {
    this.context.emit(trouble(`unable to put ${id} into ${this.name}: ${why}`));
    if (type === "blocked") return insufficientStorage;
    return type === "tooLong" ? tooLong : later;
  }

  /** The first look is over, whatever has come of it; others follow. */
  async #ready(): Promise<Loaded> {
    const loaded = await this.#load();
    // What is wrong is told by the watch, and is why nothing is taken.
    await (this.#starting ??= loaded.watch.start().catch(() => {}));
    return loaded;
  }

  #load(): Promise<Loaded> {
    return this.#loading ??= this.#make();
  }

  async #make(): Promise<Loaded> {
    const [{ Publisher }, { QueueWatch }] = await Promise.all([
      import("../queue/publisher.ts"),
      import("../queue/checks.ts"),
    ]);
    const { emit } = this.context;
    const watch = new QueueWatch(this.options, emit);
    const publisher = new Publisher(this.options, watch.check, emit);
    return this.#loaded = { publisher, watch };
  }
}

/** Of two readers none is left behind when a publish is given up. */
const readings = 1;

class QueuedMessage implements Message {
  readonly #spool: Spool;
  #bytes = 0;
  readonly #acceptedAt = Date.now();

  constructor(
    readonly queue: SharedQueue,
    readonly envelope: Envelope,
    readonly submitter: Submitter,
  ) {
    this.#spool = new Spool(spoolFolder(submitter.env), readings);
  }

  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    this.#bytes += bytes.length;
    return this.#spool.append(bytes);
  }

  async commit(): Promise<Delivery> {
    const { sender, recipients, binary = false } = this.envelope;
    const { id, helo, user, protocol, connection } = this.submitter;
    const { remote, remoteHost } = connection;
    const facts: Queued = {
      ...{ id, sender, recipients, binary, acceptedAt: this.#acceptedAt },
      client: { ip: remote.ip, host: remoteHost, helo, user, protocol },
      attempts: 0,
      due: 0,
      troubles: {},
    };
    try {
      const read = () => this.#spool.read();
      return await this.queue.put(facts, this.#bytes, read);
    } catch (error) {
      this.queue.context.emit(
        trouble(`unable to queue ${id}: ${reason(error)}`),
      );
      return storageFailure(error);
    } finally {
      this.#spool.close();
    }
  }

  abandon(): void {
    this.#spool.close();
  }
}
