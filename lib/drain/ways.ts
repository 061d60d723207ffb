/**
 * Where a drain's messages go: a target for each recipient.
 *
 * @module
 */
import { bytesOf, foldCase, fromBytes } from "../base/bytes.ts";
import type { Emit } from "../base/events.ts";
import type { NextHopOptions } from "../deliver/next_hop.ts";
import type { Route } from "../deliver/routes.ts";
import { foldedDomain, Routing } from "../deliver/routing.ts";
import type { Refusal, Target } from "../deliver/target.ts";
import type { TargetContext, TargetMaker } from "../deliver/target_row.ts";
import { readTarget } from "../deliver/targets.ts";
import { isPostmaster } from "../mail/postmaster.ts";
import { fileEntries, optionEntries } from "../policy/control_list.ts";
import { domainMatcher } from "../policy/rcpthosts.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";

export interface WayOptions {
  readonly deliver: TargetMaker;
  readonly relay: TargetMaker | null;
  readonly route: readonly Route[] | null;
  readonly routes: string | null;
  /** Whose reports go there; null: there are none. */
  readonly bounces: TargetMaker | null;
  /** Domains that are not relayed: `a,b`, or the path of a file. */
  readonly rcpthosts: string | null;
  /** This host's name. */
  readonly me: string;
  readonly queueProgram: string;
  readonly createMailboxes: boolean;
  readonly minFreePercent: number;
  readonly nextHop: NextHopOptions;
  readonly queue: NonNullable<TargetContext["queue"]>;
  /** Refuses a target that leads back. @throws Error that says so */
  readonly mayBe: (target: string) => void;
}

export class Ways {
  readonly #known = new Map<string, Target>();
  readonly #deliver: Target;
  readonly #relay: Target | null;
  readonly #bounces: Target | null;
  readonly #routing: Routing;
  readonly #context: TargetContext;
  #isOurs: (domain: string) => boolean = () => true;

  /** @throws Error that says what cannot be used */
  constructor(readonly options: WayOptions, emit: Emit) {
    const {
      me,
      queueProgram,
      createMailboxes,
      minFreePercent,
      nextHop,
      queue,
    } = options;
    this.#context = {
      ...{ host: me, queueProgram, createMailboxes, minFreePercent },
      ...{ nextHop, queue },
      isPostmaster: (recipient) =>
        options.rcpthosts !== null && isPostmaster(recipient, this.#isOurs),
      emit,
    };
    this.#deliver = this.#made(options.deliver);
    this.#relay = options.relay && this.#made(options.relay);
    this.#bounces = options.bounces && this.#made(options.bounces);
    this.#routing = new Routing(
      options,
      (make) => this.#made(make),
      (text) => this.#filed(text),
      emit,
    );
    this.#isOurs = this.#ours();
  }

  /** How many targets there are, by now. */
  get count(): number {
    return this.#known.size;
  }

  /** @throws Error that says what cannot be used */
  async prepare(): Promise<void> {
    this.#routing.file?.check();
    for (const text of this.#routing.file?.targets() ?? []) {
      this.options.mayBe(text);
    }
    for (const target of this.#known.values()) await target.prepare?.();
  }

  /** What messages would stumble over, each in a line. */
  async problems(env: ProgramEnvironment): Promise<string[]> {
    const found: string[] = [];
    for (const target of this.#known.values()) {
      found.push(...await target.problems?.(env) ?? []);
    }
    return found;
  }

  /** Reads again what it has read. @throws Error that says what it cannot */
  refresh(): void {
    for (const target of this.#known.values()) target.refresh?.();
    this.#isOurs = this.#ours();
  }

  close(): void {
    for (const target of this.#known.values()) target.close?.();
  }

  /** Where reports go. */
  readonly report = (): Target | Refusal => this.#bounces ?? noReports;

  /** The way of a recipient: routes first, then whose domain it is. */
  readonly of = (recipient: string): Target | Refusal => {
    const domain = foldedDomain(recipient);
    const route = this.#routing.of(domain);
    if (route !== null) return route;
    const isRelayed = this.#relay !== null && domain !== "" &&
      !this.#isOurs(domain);
    return isRelayed ? this.#relay : this.#deliver;
  };

  #ours(): (domain: string) => boolean {
    const { rcpthosts: list, me } = this.options;
    if (list === null) return () => true;
    const entries = list.includes("/")
      ? fileEntries(readList(list), list, "domain")
      : optionEntries(
        bytesOf(list),
        "--rcpthosts",
        "domain",
      );
    return domainMatcher(new Set([...entries, foldCase(me)]));
  }

  /** One target for all ways to it, since its connections are counted. */
  #made(make: TargetMaker): Target {
    const target = make(this.#context);
    const known = this.#known.get(target.name!);
    if (known) return known;
    this.options.mayBe(target.name!);
    this.#known.set(target.name!, target);
    return target;
  }

  #filed(text: string): Target {
    return this.#known.get(text) ?? this.#made(readTarget(text));
  }
}

function readList(path: string): string {
  try {
    return fromBytes(readNamedFile(path));
  } catch (error) {
    const why = whyUnreadable(error);
    throw new Error(`--rcpthosts: unable to read ${path}: ${why}`);
  }
}

/** Another drain has put it there, who could have sent it. */
const noReports: Refusal = {
  type: "never",
  code: 554,
  enhanced: "5.3.5",
  text: "this drain has no way for reports: --bounces TARGET gives one",
};
