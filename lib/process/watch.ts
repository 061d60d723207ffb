/**
 * `--metrics`: a gate that can be looked at, by browsers, Prometheus and
 * `postern top`.
 *
 * @module
 */
import type { Activity } from "../base/protocol.ts";
import type { Emit } from "../base/events.ts";
import { answer } from "../metrics/answers.ts";
import { type Facts, together } from "../metrics/facts.ts";
import { HttpServer, type Question } from "../metrics/http.ts";
import { Observer } from "../metrics/observer.ts";
import type { Place } from "../metrics/place.ts";
import { eventLoop } from "../sys/event_loop.ts";
import { version } from "../base/version.ts";
import type { Block, Serving } from "./block.ts";
import { explanationOf } from "./explainer.ts";
import { listenForQuestions, readTokenOf, statOf } from "./metrics_place.ts";
import type { ProcessOptions } from "./options.ts";
import { SharedFacts } from "./shared_facts.ts";
import type { WorkerRole } from "./worker_role.ts";

/** Workers tell the one that answers so often. */
const tellAgainMs = 1000;

export class Watch {
  readonly #observer: Observer;
  readonly #shared: SharedFacts | null;
  readonly #token: string | null;
  readonly #place: Place;
  /** Of workers in whose place this one is. */
  #before: readonly unknown[] = [];
  #server: HttpServer | null = null;
  /** The socket that was made. */
  #inode: number | null = null;
  #all: readonly Serving[] = [];

  /** Reads what only root may read. Throws Fatal. */
  constructor(
    place: Place,
    options: ProcessOptions,
    blocks: readonly Block[],
    readonly role: WorkerRole | null,
  ) {
    this.#place = place;
    this.#token = readTokenOf(options);
    this.#shared = role && new SharedFacts(role.part);
    const paths = blocks.map(({ options: { rules } }) => rules);
    const rules = [...new Set(paths.filter((path) => path !== null))];
    this.#observer = new Observer({
      slots: () => this.#slots,
      activities: (wanted) => this.#activities(wanted),
      turns: eventLoop.turns,
      replies: () => this.#replies,
      rules,
      version,
    });
  }

  get emit(): Emit {
    return this.#observer.emit;
  }

  /** Opens the place, with the ids of those who serve. Throws Fatal. */
  async open(all: readonly Serving[], emit: Emit): Promise<void> {
    this.#all = all;
    if (this.#shared !== null) {
      const shared = this.#shared;
      const before = await shared.before();
      this.#before = before.length === 0 ? [] : [before];
      const tell = async () => shared.write(await this.#own(true));
      Deno.unrefTimer(setInterval(tell, tellAgainMs));
      if (shared.part.index > 0) return;
    }
    // What runs for the first time takes long: nobody is here yet to wait.
    await this.#answer(rehearsal);
    const listener = await listenForQuestions(this.#place, this.role !== null);
    if (this.#place.type === "unix") {
      this.#inode = statOf(this.#place.path)?.ino ?? null;
    }
    this.#server = new HttpServer(
      listener,
      (question) => this.#answer(question),
      emit,
    );
  }

  /** The process is to end; one that takes its place may listen already. */
  stopping(): void {
    if (this.role !== null) this.#server?.close();
  }

  /** Removes what was made in the file system. */
  close(): void {
    this.#server?.close();
    if (this.#inode === null || this.#place.type !== "unix") return;
    try {
      const { path } = this.#place;
      if (statOf(path)?.ino === this.#inode) Deno.removeSync(path);
    } catch {
      // The ids may not; the next start takes its place.
    }
  }

  #answer(question: Question): Promise<Response> {
    return answer(question, {
      name: Deno.hostname(),
      token: this.#token,
      facts: async (hasMetrics) =>
        together([
          await this.#own(hasMetrics),
          ...this.#shared?.read() ?? [],
        ]),
      explain: (ip) => this.#explain(ip),
    });
  }

  async #own(hasMetrics: boolean): Promise<Facts> {
    const facts = await this.#observer.facts(hasMetrics);
    if (!hasMetrics) return facts;
    return { ...facts, metrics: [...facts.metrics, ...this.#before] };
  }

  /** By each database once. */
  #explain(ip: string): string[] {
    const found = new Map<string, string>();
    for (const { reception: { admission } } of this.#all) {
      const { options: { rules: path }, rules } = admission;
      if (path === null || found.has(path)) continue;
      found.set(path, explanationOf(path, () => rules.database!, ip));
    }
    return [...found.values()];
  }

  get #slots(): { active: number; limit: number } {
    const all = this.#all.map(({ slots }) => slots);
    return {
      active: all.reduce((sum, { active }) => sum + active, 0),
      limit: all.reduce((sum, { limit }) => sum + limit, 0),
    };
  }

  get #replies(): number[] {
    const sums: number[] = [];
    for (const { server: { replies } } of this.#all) {
      replies.forEach((count, i) => sums[i] = (sums[i] ?? 0) + count);
    }
    return sums;
  }

  #activities(wanted: ReadonlySet<number>): ReadonlyMap<number, Activity> {
    return new Map(
      this.#all.flatMap(({ server }) => [...server.activities(wanted)]),
    );
  }
}

const rehearsal: Question = {
  method: "GET",
  url: "http://localhost/",
  headers: new Headers(),
};
