/**
 * `--metrics`: a gate that can be looked at, by browsers, Prometheus and
 * `postern top`.
 *
 * @module
 */
import type { Activity } from "../base/protocol.ts";
import type { Emit } from "../base/events.ts";
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import { answer } from "../metrics/answers.ts";
import { type Facts, together } from "../metrics/facts.ts";
import { Observer } from "../metrics/observer.ts";
import { type Place, placeText } from "../metrics/place.ts";
import { readToken } from "../metrics/token.ts";
import { eventLoop } from "../sys/event_loop.ts";
import { version } from "../base/version.ts";
import type { Block, Serving } from "./block.ts";
import { Explainer } from "./explainer.ts";
import { attempt } from "./fatal.ts";
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
  readonly #explainers: readonly Explainer[];
  #server: Deno.HttpServer | null = null;
  #all: readonly Serving[] = [];

  /** Reads what only root may read. Throws Fatal. */
  constructor(
    place: Place,
    { metricsToken }: ProcessOptions,
    blocks: readonly Block[],
    readonly role: WorkerRole | null,
  ) {
    this.#place = place;
    this.#token = metricsToken === null ? null : readToken(metricsToken);
    this.#shared = role && new SharedFacts(role.part);
    const paths = blocks.map(({ options: { rules } }) => rules);
    const rules = [...new Set(paths.filter((path) => path !== null))];
    this.#explainers = rules.map((path) => new Explainer(path));
    this.#observer = new Observer({
      slots: () => this.#slots,
      activities: () => this.#activities,
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
  open(all: readonly Serving[], emit: Emit): void {
    this.#all = all;
    if (this.role && this.role.part.index > 0) {
      const tell = async () => this.#shared!.write(await this.#own());
      Deno.unrefTimer(setInterval(tell, tellAgainMs));
      return;
    }
    if (this.#place.type === "unix") removeStale(this.#place.path);
    this.#server = attempt(
      `listen at --metrics ${placeText(this.#place)}`,
      () => serveAt(this.#place, (request) => this.#answer(request)),
    );
    this.#server.finished.catch((error) => {
      emit({ type: "trouble", text: `--metrics has ended: ${reason(error)}` });
    });
  }

  /** Removes what was made in the file system. */
  close(): void {
    if (this.#server === null || this.#place.type !== "unix") return;
    try {
      Deno.removeSync(this.#place.path);
    } catch {
      // The ids may not; the next start takes its place.
    }
  }

  #answer(request: Request): Promise<Response> {
    return answer(request, {
      name: Deno.hostname(),
      token: this.#token,
      facts: async () =>
        together([await this.#own(), ...this.#shared?.read() ?? []]),
      explain: (ip) => this.#explainers.map((each) => each.explain(ip)),
    });
  }

  #own(): Promise<Facts> {
    return this.#observer.facts();
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

  get #activities(): ReadonlyMap<number, Activity> {
    return new Map(this.#all.flatMap(({ server }) => [...server.activities()]));
  }
}

function serveAt(
  place: Place,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer {
  const onListen = () => {}; // it would be told on stdout
  if (place.type === "tcp") {
    const { host: hostname, port } = place;
    return Deno.serve({ hostname, port, onListen }, handler);
  }
  return Deno.serve({ path: place.path, onListen }, handler);
}

/** What a gate has left there that is no more. */
function removeStale(path: string): void {
  let isSocket: boolean | null;
  try {
    isSocket = Deno.lstatSync(path).isSocket;
  } catch {
    return; // nothing is there, as it should be
  }
  if (!isSocket) {
    throw new Fatal(100, `--metrics: ${path} is there, and is no socket`);
  }
  Deno.removeSync(path);
}
