/**
 * Connections of clients that have their share already. Each waits for a
 * moment: a client that hangs up and comes again is often here before its last
 * connection is known to have ended.
 *
 * @module
 */
import { eventLoop } from "../sys/event_loop.ts";
import type { Client } from "./client.ts";
import type { Ends } from "./proxy.ts";

/** For a program to end whose client has gone; */
const patienceMs = 20;
/** where nobody else can be let in meanwhile, for what is known already. */
const pressedMs = 4;

interface Waiting {
  readonly client: Client;
  readonly ends: Ends;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class OverShare {
  readonly #all: Waiting[] = [];
  #isTelling = false;

  /**
   * @param again tries to let one in; if that was its last chance it turns it
   *   away. Says whether either has come about.
   */
  constructor(
    readonly again: (client: Client, ends: Ends, isLast: boolean) => boolean,
  ) {}

  get count(): number {
    return this.#all.length;
  }

  /** @param isPressed whether there is no room for others while it waits */
  add(client: Client, ends: Ends, isPressed: boolean): void {
    const timer = setTimeout(() => {
      const at = this.#all.indexOf(waiting);
      if (at !== -1) this.#all.splice(at, 1);
      this.again(client, ends, true);
    }, isPressed ? pressedMs : patienceMs);
    const waiting = { client, ends, timer };
    this.#all.push(waiting);
  }

  /** A connection has ended: who has waited longest may have a chance now. */
  hasRoom(): void {
    if (this.#all.length === 0 || this.#isTelling) return;
    this.#isTelling = true;
    // Not at once: it may end at once, too.
    eventLoop.defer(() => {
      this.#isTelling = false;
      this.#tell();
    });
  }

  #tell(): void {
    while (this.#all.length > 0) {
      const first = this.#all.shift()!;
      if (!this.again(first.client, first.ends, false)) {
        this.#all.unshift(first);
        return;
      }
      clearTimeout(first.timer);
    }
  }
}
