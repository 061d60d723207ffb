/**
 * Where the messages of a session go, by options and environment.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Emit } from "../base/events.ts";
import { type Reach, reachOf } from "../base/reach.ts";
import { problemsIn } from "../base/unusable.ts";
import { foldedDomain, Routing } from "../deliver/routing.ts";
import type { Refusal, Target } from "../deliver/target.ts";
import type { TargetContext, TargetMaker } from "../deliver/target_row.ts";
import { readTarget } from "../deliver/targets.ts";
import { domainOf } from "../mail/address.ts";
import { HopSecrets } from "../next_hop/secrets.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";
import { mayLogIn } from "./logins.ts";
import type { SmtpdOptions } from "./options.ts";
import { type Common, Router } from "./router.ts";

/** Where no target is named, in this order. */
const defaults = ["qmail-queue", "maildir:./Maildir"] as const;

/** Whose mail it is, and who wants it taken. */
export interface Sending {
  readonly connection: Connection;
  readonly env: ProgramEnvironment;
  /** This host's name. */
  readonly me: string;
  /** Whether a domain is ours. */
  accepts(domain: string): boolean;
  isPostmaster(recipient: string): boolean;
  /** Whether somebody has said which are. */
  readonly namesDomains: boolean;
}

export class Targets {
  /** This host's name, as of the last session. */
  #host = "";
  readonly #context: TargetContext;
  readonly #named: Target | null;
  readonly #queue: Target;
  readonly #maildir: Target;
  readonly #relay: Target | null;
  /** Who has the postmaster's mail, by address or by a Maildir. */
  readonly #postmaster: Postmaster;
  #isPostmaster: (recipient: string) => boolean = () => false;
  readonly #routing: Routing;
  /** By what they were written as: one may be on several ways. */
  readonly #known = new Map<string, Target>();
  /** Those that the file of routes has named so far. */
  readonly #filed = new Set<Target>();

  /** @param emit is told of troubles */
  constructor(readonly options: SmtpdOptions, emit: Emit) {
    const { queueProgram, createMailboxes, minFree } = options;
    const { relayTls, relayAuth, relayCa, relayClient, relayConnections } =
      options;
    const { queuePrefix, queueAuth, queueCa, queueManagement, queueMembers } =
      options;
    const host = () => this.#host;
    this.#context = {
      get host() {
        return host();
      },
      queueProgram,
      createMailboxes,
      minFreePercent: minFree,
      isPostmaster: (recipient) => this.#isPostmaster(recipient),
      emit,
      nextHop: {
        tls: relayTls,
        client: relayClient,
        connections: relayConnections,
        secrets: new HopSecrets(relayAuth, relayCa),
      },
      queue: {
        settings: {
          prefix: queuePrefix,
          management: queueManagement,
          members: queueMembers,
          seconds: options.queueSeconds,
        },
        secrets: new HopSecrets(queueAuth, queueCa),
      },
    };
    this.#named = this.#made(options.deliver);
    const [queue, maildir] = defaults.map((text) => this.#target(text));
    this.#queue = queue;
    this.#maildir = maildir;
    this.#relay = this.#made(options.relay);
    this.#postmaster = postmasterOf(
      options.postmaster,
      (text) => this.#target(text),
    );
    this.#routing = new Routing(
      options,
      (make) => this.#made(make)!,
      (text) => this.#filedTarget(text),
      emit,
    );
  }

  /** Descriptors that a message may hold. */
  get descriptors(): number {
    const [first, ...others] = this.#all(this.#named ?? this.#queue);
    return Math.max(
      first.descriptors,
      ...others.map(({ descriptors }) => descriptors),
    );
  }

  async prepare(): Promise<void> {
    // The file may name next hops when root, who may read this, is given up.
    if (this.#routing.file !== null) this.#context.nextHop?.secrets.prepare();
    for (const target of this.#used()) await target.prepare?.();
  }

  /** That clients may relay, and have no way to; null if there is one. */
  deadEnd(env: ProgramEnvironment): string | null {
    const { classic, openRelay } = this.options;
    return classic || openRelay || this.#hasRoutes || this.#usual(env).takesAll
      ? null
      : "clients may relay ($RELAYCLIENT, or a log-in), but there is no way " +
        "for what they send elsewhere, which is refused: --relay TARGET gives one";
  }

  /**
   * @param env of the session
   * @param me this host's name, if that can be told
   */
  async problems(
    env: ProgramEnvironment,
    me: string | null,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    for (const target of new Set(this.#all(this.#usual(env)))) {
      found.push(...await target.problems?.(env) ?? []);
    }
    try {
      this.#routing.file?.check();
    } catch (error) {
      found.push(...problemsIn(error));
    }
    if (found.length === 0 && me !== null) {
      found.push(...await this.#ofPostmaster(env, me));
    }
    return [...new Set(found)];
  }

  /** Only of one that is named: not every gate has somebody for its mail. */
  async #ofPostmaster(env: ProgramEnvironment, me: string): Promise<string[]> {
    if (this.options.classic || this.options.postmaster === null) return [];
    this.#host = me;
    const { target, address } = this.#postmaster;
    const taker = target ?? this.#usual(env);
    const owner = address === null ? "postmaster" : qualified(address, me);
    const refusal = await taker.accepts?.(owner);
    return refusal?.type !== "never" ? [] : [
      `--postmaster: nobody takes mail for ${owner}: ` +
      "name somebody who does, or a Maildir",
    ];
  }

  /** @param env of the session */
  reach(env: ProgramEnvironment): Reach {
    const { relayAuth, relayCa, routes } = this.options;
    const paths = (all: readonly (string | null)[]) =>
      all.filter((path) => path !== null);
    for (const text of this.#routing.file?.targets() ?? []) {
      this.#filedTarget(text);
    }
    const all = new Set(this.#all(this.#usual(env)));
    return reachOf([
      ...[...all].map((target) => target.reach?.(env) ?? {}),
      { reads: paths([routes]), secrets: paths([relayAuth, relayCa]) },
    ]);
  }

  refresh(): void {
    for (const target of this.#used()) target.refresh?.();
  }

  close(): void {
    for (const target of this.#used()) target.close?.();
  }

  /** What takes all messages of a session. */
  forSession(sending: Sending): Target {
    const { connection, env, me, namesDomains, isPostmaster } = sending;
    this.#host = me;
    this.#isPostmaster = isPostmaster;
    const usual = this.#usual(env);
    if (this.options.classic) return usual;
    // Where nobody has said which domains are ours, all go to the one place.
    const isOneWay = usual.takesAll || !this.#mayRelay(env) ||
      (env.has("RELAYCLIENT") && !namesDomains);
    if (!this.#hasWays && isOneWay) {
      return usual.begin ? new Router(() => usual, usual, connection) : usual;
    }
    const common = this.#common(usual);
    const { address } = this.#postmaster;
    const owner = address && qualified(address, me);
    const way = (recipient: string) =>
      recipient === owner && domainOf(owner) === me
        ? usual
        : this.#way(recipient, usual, sending);
    if (owner === null) return new Router(way, common, connection);
    return new Router(
      way,
      common,
      connection,
      (recipient) => isPostmaster(recipient) ? owner : recipient,
    );
  }

  /** Whether there is more than one. */
  get #hasWays(): boolean {
    return this.#hasRoutes || this.options.postmaster !== null;
  }

  get #hasRoutes(): boolean {
    return this.#relay !== null || this.#routing.isAny;
  }

  #mayRelay(env: ProgramEnvironment): boolean {
    return env.has("RELAYCLIENT") || mayLogIn(this.options);
  }

  /** Where a domain that is ours goes. */
  #usual(env: ProgramEnvironment): Target {
    if (this.#named !== null) return this.#named;
    const hasQueue = env.has("QMAILQUEUE") ||
      isFile(this.options.queueProgram);
    return hasQueue ? this.#queue : this.#maildir;
  }

  /** Routes come first, then whose domain it is. */
  #way(
    recipient: string,
    usual: Target,
    { accepts, isPostmaster }: Sending,
  ): Target | Refusal {
    const isOurs = isPostmaster(recipient);
    if (isOurs && this.#postmaster.target) return this.#postmaster.target;
    const domain = foldedDomain(recipient);
    const route = this.#routing.of(domain);
    if (route !== null) return route;
    if (domain === "" || isOurs || accepts(domain)) return usual;
    return this.#relay ?? (usual.takesAll ? usual : noWay);
  }

  #common(usual: Target): Common {
    const all = this.#all(usual);
    const { descriptors } = this;
    return {
      takesBinary: all.every(({ takesBinary }) => takesBinary),
      get takesUtf8() {
        return all.some(({ takesUtf8 }) => takesUtf8);
      },
      descriptors,
    };
  }

  #all(usual: Target): Target[] {
    const others = [this.#relay, this.#postmaster.target]
      .filter((target) => target !== null);
    return [usual, ...others, ...this.#routing.targets(), ...this.#filed];
  }

  /** Those that somebody has named. */
  #used(): Set<Target> {
    const all = new Set(this.#all(this.#named ?? this.#queue));
    all.delete(this.#queue);
    all.delete(this.#maildir);
    return all;
  }

  /** One target for all ways to it, since its connections are counted. */
  #made(make: TargetMaker | null): Target | null {
    if (make === null) return null;
    const target = make(this.#context);
    const known = this.#known.get(target.name!);
    if (known) return known;
    this.#known.set(target.name!, target);
    return target;
  }

  #filedTarget(text: string): Target {
    const target = this.#target(text);
    this.#filed.add(target);
    return target;
  }

  #target(text: string): Target {
    return this.#known.get(text) ?? this.#made(readTarget(text))!;
  }
}

/** Both null: whoever takes it. */
interface Postmaster {
  readonly target: Target | null;
  readonly address: string | null;
}

/** A path has a slash. */
function postmasterOf(
  mailbox: string | null,
  make: (target: string) => Target,
): Postmaster {
  if (!mailbox?.includes("/")) return { target: null, address: mailbox };
  return { target: make(`maildir:${mailbox}`), address: null };
}

const qualified = (address: string, me: string) =>
  address.includes("@") ? address : `${address}@${me}`;

const noWay: Refusal = {
  type: "never",
  code: 550,
  enhanced: "5.7.1",
  text: "sorry, there is no way from here to that domain",
  by: "routes",
};

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // then there is no queue
  }
}
