/**
 * Drives the event loop in random order, and looks whether everything comes to
 * whom it belongs.
 *
 * @module
 */
import { eventLoop } from "../../lib/sys/event_loop.ts";
import { check, libc } from "../../lib/sys/libc.ts";
import { SOL_SOCKET } from "../../lib/sys/numbers.ts";
import { randomFrom } from "../support/random.ts";
import {
  nameOf,
  openNames,
  type SocketPair,
  tcpPair,
  unixPair,
} from "../support/socket_pair.ts";
import { PromiseLink, StreamLink, WatchLink } from "./event_loop_fuzz_kinds.ts";
import { type Link, MeantError, type World } from "./event_loop_fuzz_links.ts";

const SO_SNDBUF = 7;
/** Small, so that there is often no room. */
const sendBufferBytes = 4608;
const mostLinks = 40;
/** Each may do something within a callback of another, so deep at most. */
const deepest = 3;
const settleSeconds = 20;

export class Fuzz implements World {
  readonly #random: () => number;
  readonly #links: Link[] = [];
  readonly #freed = new Set<number>();
  /** What our ends were, to see that they are gone. */
  readonly #names: string[] = [];
  readonly #expectedErrors = new Set<unknown>();
  #lastId = 0;
  #depth = 0;
  #stepsATurn = 1;
  #deferred = 0;
  #called = 0;
  #failure: unknown;
  /** What has happened, and how often. */
  readonly seen: Record<string, number> = {};

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  freed(fd: number): void {
    this.#freed.add(fd);
  }

  /** @throws what was wrong */
  async run(steps: number): Promise<void> {
    const { onError, watched } = eventLoop;
    eventLoop.onError = (error) => this.#take(error);
    try {
      for (let step = 0; step < steps; step++) {
        this.#act();
        // Now with few events at once, now with many.
        if (step % 200 === 0) this.#stepsATurn = [1, 3, 10, 60][this.below(4)];
        if (this.below(this.#stepsATurn) === 0) await this.#turn();
        if (this.#failure) throw this.#failure;
        if (step % 1000 === 999) await this.#settle();
      }
      await this.#settle();
      await this.#closeAll();
      if (eventLoop.watched !== watched) throw new Error("still watched");
      if (this.#called < this.#deferred) throw new Error("not called");
      const open = openNames();
      for (const name of this.#names) {
        if (open.has(name)) throw new Error(`still open: ${name}`);
      }
    } finally {
      eventLoop.onError = onError;
    }
  }

  meanwhile(link: Link): void {
    const choice = this.below(100);
    if (choice < 5) {
      this.saw("close within a callback");
      link.close();
    } else if (choice < 7 && !(link instanceof PromiseLink)) {
      const error = new MeantError(link);
      this.#expectedErrors.add(error);
      throw error;
    } else if (choice < 12) this.#replaceAnother();
    else if (choice < 40 && this.#depth < deepest) this.#act();
  }

  #take(error: unknown): void {
    if (!this.#expectedErrors.delete(error)) return this.failed(error);
    this.saw("error");
    (error as MeantError).link.close();
  }

  saw(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  failed(error: unknown): void {
    this.#failure ??= error;
  }

  /** Its number goes to somebody else, who begins to wait at once. */
  #replaceAnother(): void {
    const another = this.#links[this.below(this.#links.length)];
    another?.close();
    if (this.#links.length < mostLinks) this.#open();
    for (let i = 0; i < 3; i++) this.#links.at(-1)?.act();
  }

  #act(): void {
    this.#depth++;
    try {
      const choice = this.below(100);
      if (choice < 8 && this.#links.length < mostLinks) this.#open();
      else if (choice < 12) this.#defer();
      else if (this.#links.length > 0) {
        const at = this.below(this.#links.length);
        const link = this.#links[at];
        const isUseless = link.endTold || !link.peerIsOpen;
        if (isUseless && this.below(4) === 0) link.close();
        else if (this.below(2)) link.act();
        else link.actOfPeer();
        if (!link.closed || link.peerIsOpen) return;
        if (this.#links[at] === link) this.#links.splice(at, 1);
      }
    } finally {
      this.#depth--;
    }
  }

  #open(): void {
    const isTcp = this.below(4) === 0;
    const pair = isTcp ? tcpPair() : unixPair();
    for (const fd of [pair.ours, pair.peer]) {
      if (this.#freed.delete(fd)) this.saw("number used again");
      this.#narrow(fd);
    }
    this.#names.push(nameOf(pair.ours));
    const kind = [StreamLink, StreamLink, WatchLink, PromiseLink][
      this.below(4)
    ];
    this.#links.push(new kind(++this.#lastId, this, pair, isTcp));
  }

  #narrow(fd: SocketPair["ours"]): void {
    const size = new Uint8Array(new Int32Array([sendBufferBytes]).buffer);
    const done = libc().setsockopt(fd, SOL_SOCKET, SO_SNDBUF, size, 4);
    check("setsockopt", done);
  }

  #defer(): void {
    const number = this.#deferred++;
    eventLoop.defer(() => {
      if (number !== this.#called++) this.failed(new Error("not in its order"));
      if (this.#depth < deepest && this.below(2)) this.#act();
    });
  }

  /** Lets the loop do something: on this thread, or while the runtime waits. */
  async #turn(): Promise<void> {
    const choice = this.below(20);
    if (choice === 0) await new Promise((over) => setTimeout(over, 0));
    else if (choice < 5) await undefined;
    else await new Promise<void>((over) => eventLoop.defer(over));
  }

  /** All that was sent has come, and all ends are told. */
  async #settle(): Promise<void> {
    const end = Date.now() + settleSeconds * 1000;
    for (let i = 0;; i++) {
      const left = this.#links.filter((link) => !link.isSettled());
      if (this.#failure) throw this.#failure;
      if (left.length === 0) return;
      if (Date.now() > end) left[0].check(false, "it does not settle");
      if (i % 10 === 9) await new Promise((over) => setTimeout(over, 1));
      else await new Promise<void>((over) => eventLoop.defer(over));
    }
  }

  async #closeAll(): Promise<void> {
    const end = Date.now() + settleSeconds * 1000;
    for (;;) {
      for (const link of this.#links) {
        link.close();
        if (link.closed) { while (link.peerRead(65536)); }
        else link.peerClose(false); // ends its wait
      }
      if (this.#failure) throw this.#failure;
      const left = this.#links.filter((link) => !link.closed);
      if (left.length === 0) return;
      if (Date.now() > end) left[0].check(false, "it cannot be closed");
      await this.#turn();
    }
  }
}
