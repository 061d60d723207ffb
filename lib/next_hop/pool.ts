/**
 * The connections to a next hop: so many at once and no more, each used for
 * one message after the other.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import type { Refusal } from "../mail/answers.ts";
import { type Ticker, ticker, type Timed } from "../net/deadlines.ts";
import { later } from "../smtp_client/answer.ts";
import type { ClientFacts } from "../smtp_client/beginning.ts";
import {
  type Capabilities,
  noCapabilities,
} from "../smtp_client/capabilities.ts";
import { connectTo } from "./connecting.ts";
import { HopConnection } from "./connection.ts";
import { type Endpoints, written } from "./endpoints.ts";
import { isOurs, isOurselves, loop } from "./ourselves.ts";
import type { HopSettings } from "./settings.ts";

/** A connection that nobody uses is closed after this. */
const idleSeconds = 30;
/** Nobody waits longer for one that others use. */
const turnSeconds = 30;
/** Nor do more wait: the rest is told to come again. */
const mostWaiting = 5000;
/** A client that goes on within this time finds its connection where it was. */
const shortRestMs = 100;
/** A host that failed is not tried again sooner: others need not wait for it. */
const sitOutMs = 500;

interface Waiter {
  readonly client: ClientFacts;
  readonly until: number;
  readonly resolve: (taken: HopConnection | Refusal) => void;
}

/** Who has taken a connection and does not use it just now. */
export interface Resting {
  giveBack(): void;
}

interface Idle {
  readonly connection: HopConnection;
  readonly until: number;
}

export class HopPool implements Timed {
  #count = 0;
  #idle: Idle[] = [];
  readonly #waiting = new Set<Waiter>();
  /** Since when each of them rests, who has rested longest first. */
  readonly #resting = new Map<Resting, number>();
  #calling: ReturnType<typeof setTimeout> | undefined;
  /** Why a host sits out, and until when. */
  readonly #failed = new Map<string, { until: number; refusal: Refusal }>();
  readonly #trouble: LastingTrouble;
  /** As of the last connection; all that may be, before the first. */
  capabilities: Capabilities = {
    ...noCapabilities,
    eightBit: true,
    utf8: true,
  };

  /**
   * @param named the target, for messages
   * @param emit is told of troubles
   */
  constructor(
    readonly named: () => string,
    readonly endpoints: Endpoints,
    readonly settings: HopSettings,
    emit: Emit,
    readonly clock: Ticker = ticker,
  ) {
    this.#trouble = new LastingTrouble(emit);
  }

  /** Connections that there are, ready or not. */
  get count(): number {
    return this.#count;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * A connection that is ready and nobody else's, or why there is none.
   *
   * @param isFresh it has to be a new one
   */
  take(
    client: ClientFacts,
    isFresh = false,
  ): Promise<HopConnection | Refusal> {
    if (isOurs(client)) {
      this.#trouble.tell([`${this.named()}: ${loop.text}`]);
      return Promise.resolve(loop);
    }
    while (!isFresh) {
      const idle = this.#idle.pop();
      if (idle === undefined) break;
      if (!idle.connection.lost) return Promise.resolve(idle.connection);
    }
    if (this.#count < this.settings.connections) return this.#connect(client);
    if (isFresh && this.#closeIdle()) return this.#connect(client);
    return this.#queue(client);
  }

  /**
   * Says that a connection that was taken is not used now, but may be soon:
   * whoever wants one before that can have it.
   */
  rests(holder: Resting): void {
    this.#resting.set(holder, performance.now());
    this.#callBack();
  }

  /** It is used again, or was given back. */
  wakes(holder: Resting): void {
    this.#resting.delete(holder);
  }

  /** Gives back what was taken; what is not ready is soon, or lost. */
  release(connection: HopConnection): void {
    connection.isUsed = true;
    // What was told of one client cannot be taken back.
    if (this.settings.client === "proxy") connection.close();
    if (connection.session.isReady) this.#free(connection);
    else {
      connection.ready().then((refusal) => {
        if (refusal === null) this.#free(connection);
      });
    }
  }

  #free(connection: HopConnection): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      return next.resolve(connection);
    }
    const until = this.clock.after(idleSeconds);
    this.#idle.push({ connection, until });
    this.clock.add(this);
  }

  close(): void {
    for (const { connection } of this.#idle.splice(0)) connection.close();
  }

  tick(now: number): void {
    this.#idle = this.#idle.filter(({ connection, until }) => {
      if (now >= until) connection.close();
      return !connection.lost;
    });
    for (const waiter of this.#waiting) {
      if (now < waiter.until) break; // those behind it came later
      this.#waiting.delete(waiter);
      waiter.resolve(busy);
    }
    const isQuiet = this.#idle.length === 0 && this.#waiting.size === 0;
    if (isQuiet) this.clock.remove(this);
  }

  /** Who waits gets what others hold and do not use. */
  #callBack(): void {
    if (this.#calling !== undefined || this.#waiting.size === 0) return;
    const [first] = this.#resting.values();
    if (first === undefined) return;
    const leftMs = Math.max(0, first + shortRestMs - performance.now());
    this.#calling = setTimeout(() => {
      this.#calling = undefined;
      const due = performance.now() - shortRestMs;
      let wanted = this.#waiting.size;
      for (const [holder, since] of this.#resting) {
        if (since > due || wanted-- <= 0) break;
        holder.giveBack();
      }
      this.#callBack();
    }, leftMs);
  }

  #closeIdle(): boolean {
    const idle = this.#idle.pop();
    idle?.connection.close();
    return idle !== undefined;
  }

  async #connect(client: ClientFacts): Promise<HopConnection | Refusal> {
    this.#count++;
    const found = await this.#firstThatWorks(client)
      .catch((error) => later("4.4.3", `no next hop: ${error.message}`));
    if (found instanceof HopConnection) {
      this.#trouble.over();
      this.capabilities = found.capabilities;
      found.onLost = () => this.#gone();
      if (found.lost) this.#gone();
      return found;
    }
    this.#count--;
    this.#trouble.tell([`${this.named()}: ${found.text}`]);
    // It may want no more connections at once than it has.
    if (this.#count > 0) return this.#queue(client);
    // They would hear the same, one after the other.
    for (const { resolve } of this.#waiting) resolve(found);
    this.#waiting.clear();
    return found;
  }

  #queue(client: ClientFacts): Promise<HopConnection | Refusal> {
    if (this.#waiting.size >= mostWaiting) return Promise.resolve(busy);
    return new Promise((resolve) => {
      const until = this.clock.after(turnSeconds);
      this.#waiting.add({ client, until, resolve });
      this.clock.add(this);
      this.#callBack();
    });
  }

  /** There is room for another one. */
  #gone(): void {
    this.#count--;
    const [next] = this.#waiting;
    if (!next || this.#count >= this.settings.connections) return;
    this.#waiting.delete(next);
    this.#connect(next.client).then(next.resolve);
  }

  async #firstThatWorks(
    client: ClientFacts,
  ): Promise<HopConnection | Refusal> {
    let why: Refusal | null = null;
    for (const endpoint of await this.endpoints.current()) {
      const key = written(endpoint);
      const failed = this.#failed.get(key);
      if (failed && performance.now() < failed.until) {
        why ??= failed.refusal;
        continue;
      }
      const found = isOurselves(endpoint, client)
        ? loop
        : await connectTo(endpoint, this.settings, client);
      if (found instanceof HopConnection) {
        this.#failed.delete(key);
        return found;
      }
      const until = performance.now() + sitOutMs;
      this.#failed.set(key, { until, refusal: found });
      why ??= found;
    }
    return why ?? later("4.4.1", "no next hop");
  }
}

const busy = later(
  "4.3.2",
  "the next hop has as much to do as it may have, come again later",
);
