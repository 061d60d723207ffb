/**
 * Takes messages from a shared queue, hands them to targets, and acknowledges
 * them when each of their recipients has them, or a copy for the others is in
 * the queue again.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { isInTime } from "../net/in_time.ts";
import { framed, unframed } from "../queue/frame.ts";
import type { QueueOptions } from "../queue/options.ts";
import { Publisher } from "../queue/publisher.ts";
import { topologyOf } from "../queue/looking.ts";
import { takingCheck } from "./check.ts";
import { deliver } from "./delivering.ts";
import { Fairness } from "./fairness.ts";
import { Intake, type Taken } from "./intake.ts";
import { type Job, jobsOf } from "./job.ts";
import { Pauses } from "./pauses.ts";
import { type Put, putter } from "./put.ts";
import { Resting } from "./resting.ts";
import { type Fate, settlementOf, type SettlementRules } from "./settlement.ts";
import { Story } from "./story.ts";
import { submitterOf } from "./submitter.ts";
import { Taking } from "./taking.ts";
import { Turns } from "./turns.ts";
import type { Ways } from "./ways.ts";
import { keyOf, Work } from "./work.ts";

export interface DrainOptions {
  readonly queue: QueueOptions;
  /** Deliveries at once. */
  readonly concurrency: number;
  /** To a domain, at most; null: by how it does. */
  readonly perDomain: number | null;
  readonly pausesMs: readonly number[];
  readonly mostDays: number;
  readonly me: string;
  /** Whether senders are told of what cannot be delivered. */
  readonly reports: boolean;
}

/** Messages at work, or waiting for their turn, for each delivery at once. */
const heldForEach = 3, leastHeld = 30;
/** Messages of each queue in memory, about. */
const readyBytes = 64 << 20, restingBytes = 16 << 20;
/** Of each queue where messages rest; the first has those for a moment, too. */
const restingHeld = 10, firstRestingHeld = 100;
const lookMs = 250;
/** To put copies into the queue of what has not come to its end. */
const lastMs = 5000;

interface WorkJob extends Job {
  readonly work: Work;
}

export class Drain {
  readonly #works = new Map<string, Work>();
  readonly #fairness: Fairness<WorkJob>;
  readonly #turns: Turns;
  readonly #publisher: Publisher;
  readonly #taking: Taking;
  readonly #resting: readonly Resting[];
  readonly #put: Put;
  readonly #dead: string;
  readonly #rules: SettlementRules;
  readonly #story: Story;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isStopping = false;
  #allDone: (() => void) | null = null;

  /** @param emit is told what becomes of messages, and of troubles */
  constructor(
    readonly options: DrainOptions,
    readonly ways: Ways,
    readonly emit: Emit,
  ) {
    const { queue, concurrency, perDomain, pausesMs, mostDays } = options;
    const topology = topologyOf(queue);
    const check = takingCheck(queue);
    const held = Math.max(leastHeld, heldForEach * concurrency);
    this.#fairness = new Fairness<WorkJob>(
      { count: concurrency, perDomain, waiting: held - concurrency },
      ({ target }) => target,
      () => ways.count,
    );
    this.#turns = new Turns(concurrency, () => this.#fairness.hasPlace);
    this.#publisher = new Publisher(queue, check, emit);
    this.#put = putter(this.#publisher, emit);
    this.#dead = topology.dead;
    const pauses = new Pauses(topology, pausesMs, mostDays);
    this.#rules = {
      pauses,
      reportsAs: options.reports ? options.me : null,
    };
    this.#story = new Story(emit);
    this.#resting = topology.retries.map((retry) =>
      new Resting({
        queue: retry,
        ready: topology.ready,
        put: this.#put,
        unknown: (taken, why) => this.#unknown(taken, why),
        turn: this.#turns.next,
        longestMs: pauses.tooLongMs,
      })
    );
    const intakes = [
      new Intake(topology.ready, held, readyBytes, (taken) => {
        this.#take(taken);
      }),
      ...topology.retries.map((retry, i) =>
        new Intake(
          retry,
          i === 0 ? firstRestingHeld : restingHeld,
          restingBytes,
          this.#resting[i].take,
          () => this.#resting[i].stop(),
        )
      ),
    ];
    this.#taking = new Taking(queue, intakes, check, emit);
  }

  /** @throws Error that says why nothing can be taken */
  async start(): Promise<void> {
    await this.#publisher.prepare();
    await this.#taking.start();
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  /** Whether all is as it has to be. @throws Error that says what is not */
  async check(): Promise<void> {
    try {
      await this.#publisher.prepare();
    } finally {
      await this.#publisher.close();
    }
  }

  /** Takes nothing more, and finishes what is at work, or says that it has not. */
  async stop(graceSeconds: number): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    await isInTime(this.#taking.pause(), lastMs);
    for (const resting of this.#resting) resting.stop();
    this.#turns.stop();
    for (const job of this.#fairness.clear()) {
      // What nobody has touched goes back as it is.
      if (job.work.isStarted) this.#end(job, untried(job, 0));
    }
    for (const [key, work] of this.#works) {
      if (!work.isStarted && !work.isSettling) this.#works.delete(key);
    }
    await isInTime(this.#done(), graceSeconds * 1000);
    const left = [...this.#works.values()].filter((work) => work.pending > 0);
    if (left.length > 0) {
      this.emit(trouble(
        `messages that are still being delivered after ${graceSeconds} seconds: ` +
          `${left.length}; they are delivered again, maybe twice`,
      ));
      for (const work of left) {
        for (const recipient of work.facts.recipients) {
          if (work.fates.has(recipient)) continue;
          work.fates.set(recipient, { type: "aside", pauseMs: 0 });
        }
        work.pending = 0;
        this.#settle(work);
      }
      await isInTime(this.#done(), lastMs);
    }
    await Promise.all([this.#taking.close(), this.#publisher.close()]);
    this.ways.close();
  }

  #done(): Promise<void> {
    if (this.#works.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#allDone = resolve);
  }

  #take(taken: Taken): void {
    if (this.#isStopping) return; // it goes back
    let work: Work;
    try {
      const { facts, text } = unframed(taken.bytes);
      work = new Work(facts, text, taken);
    } catch (error) {
      this.#unknown(taken, (error as Error).message);
      return;
    }
    const { facts } = work;
    const key = keyOf(facts);
    const known = this.#works.get(key);
    if (known && (taken.isAgain || !known.isSettling)) {
      known.adopt(taken);
      return;
    }
    this.#works.set(key, work);
    const now = performance.now();
    const { jobs, astray } = jobsOf(
      [...new Set(facts.recipients)],
      facts.isReport ? this.ways.report : this.ways.of,
      (lane) => this.#fairness.isSlow(lane, now),
    );
    for (const { recipient, refusal } of astray) {
      work.fates.set(recipient, refusal);
    }
    work.pending = jobs.length;
    if (jobs.length === 0) this.#settle(work);
    for (const job of jobs) this.#fairness.add({ ...job, work }, now);
    this.#pump();
    for (const { lane } of jobs) {
      const aside = this.#fairness.asideOf(lane, now);
      for (const { job, pauseMs } of aside) {
        this.#end(job, untried(job, pauseMs));
      }
    }
  }

  /** Whoever's turn it is begins. */
  #pump(): void {
    if (this.#isStopping) return;
    for (;;) {
      const job = this.#fairness.next(performance.now());
      if (job === null) return;
      if (job.work.isLost) this.#drop(job);
      else this.#run(job);
    }
  }

  async #run(job: WorkJob): Promise<void> {
    const { work, target } = job;
    work.isStarted = true;
    const startedAt = performance.now();
    const submitter = submitterOf(work);
    const { facts, text } = work;
    const fates = await deliver(job, facts, text, submitter, this.emit);
    const now = performance.now();
    this.#fairness.end(job, now);
    this.#turns.ended();
    this.#story.tried(work, target.name ?? null, fates, now - startedAt);
    if (work.pending > 0) this.#end(job, fates);
    this.#pump();
  }

  /** The broker has it again, for whoever comes first. */
  #drop(job: WorkJob): void {
    const { work } = job;
    this.#fairness.end(job, performance.now());
    if (work.isStarted) return this.#end(job, untried(job, 0));
    this.#works.delete(keyOf(work.facts));
  }

  /** Where nothing ends and nothing comes, somebody has to look. */
  #look(): void {
    for (const { job, pauseMs } of this.#fairness.aside(performance.now())) {
      this.#end(job, untried(job, pauseMs));
    }
    this.#pump();
  }

  #end({ work }: WorkJob, fates: ReadonlyMap<string, Fate>): void {
    for (const [recipient, fate] of fates) work.fates.set(recipient, fate);
    if (--work.pending === 0) this.#settle(work);
  }

  /** What is left goes into the queue; then the message itself is done. */
  async #settle(work: Work): Promise<void> {
    work.isSettling = true;
    const { facts, fates } = work;
    const { copies, unsettled } = settlementOf(
      work,
      fates,
      this.#rules,
      Date.now(),
    );
    try {
      for (const copy of copies) {
        const bytes = framed(copy.facts, copy.text);
        do {
          if (!await work.isOurs()) return;
        } while (!await this.#put(copy.queue, bytes, copy.facts.id, work));
      }
      if (!await work.isOurs()) return;
      work.ack();
      this.#story.settled(work, unsettled);
    } finally {
      const key = keyOf(facts);
      if (this.#works.get(key) === work) this.#works.delete(key);
      if (this.#works.size === 0) this.#allDone?.();
    }
  }

  /** What nobody can read is kept for whoever can. */
  async #unknown(taken: Taken, why: string): Promise<void> {
    this.emit(trouble(
      `a message of the queue cannot be read: ${why}; it goes to ${this.#dead}`,
    ));
    if (await this.#put(this.#dead, taken.bytes, "unreadable", taken)) {
      taken.ack();
    }
  }
}

/** That nobody has tried it. */
const untried = (
  { recipients }: { readonly recipients: readonly string[] },
  pauseMs: number,
): Map<string, Fate> =>
  new Map(recipients.map((each) => [each, { type: "aside", pauseMs }]));
