/**
 * A listening socket and the connections that come to it.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { EPOLLIN } from "../sys/epoll.ts";
import { eventLoop, type Watcher } from "../sys/event_loop.ts";
import { letIn } from "../sys/last_call.ts";
import type { RawListener } from "../sys/listener.ts";
import { AcceptFailures } from "./accept_failures.ts";
import type { Reception } from "./reception.ts";

/**
 * From the wish to stop, and from whoever still came after it, until the socket
 * is closed: who is in the kernel's queue or completes a handshake by then has
 * been let in instead of being reset. Most clients are nearer than this, to the
 * other side of the world and back; see also last_call.ts.
 */
const lastCallMs = 300;

/** The last call ends, even if newcomers could not be turned away. */
const longestLastCallMs = 1000;

/** How often it is looked whether it is over. */
const lookMs = 50;

/** How long accepting pauses when the process is out of descriptors. */
const pauseMs = 100;

/** Accepting goes on for so long before it is somebody else's turn. */
const burstMs = 2;

export class Gate implements Watcher {
  readonly #failures: AcceptFailures;
  #isWatching = false;
  #isClosed = false;
  /** When somebody was let in, or the wish to stop; null before it. */
  #lastCall: number | null = null;
  #closed = () => {};

  /** Accepts nothing before it runs. */
  constructor(
    readonly listener: RawListener,
    readonly reception: Reception,
    emit: Emit,
  ) {
    this.#failures = new AcceptFailures((error) =>
      emit(trouble("unable to accept", error))
    );
  }

  get port(): number {
    return this.listener.address.port;
  }

  /** Accepts until it is closed. */
  run(): Promise<void> {
    if (this.#isClosed) return Promise.resolve(); // a signal was quicker
    this.#watch();
    return new Promise((resolve) => this.#closed = resolve);
  }

  /**
   * Stops accepting soon; connections that are there go on. Somebody who found
   * the gate full waits in the queue, as long as there is patience for it.
   */
  close(patienceMs = 0): void {
    if (this.#lastCall !== null) return;
    const start = this.#lastCall = performance.now();
    const { slots } = this.reception;
    const look = () => {
      const now = performance.now();
      const isQuiet = now >= this.#lastCall! + lastCallMs ||
        now >= start + longestLastCallMs;
      if (isQuiet && (!slots.isFull || now >= start + patienceMs)) {
        // The kernel resets whoever waits in the queue of what is closed.
        while (!slots.isFull && this.#accept());
        this.#end();
      } else setTimeout(look, lookMs);
    };
    setTimeout(look, lastCallMs);
  }

  /** Stops at once: who waits in the queue is let in by somebody else. */
  leave(): void {
    if (!this.#isClosed) this.#end();
  }

  #end(): void {
    this.#isClosed = true;
    this.#pause();
    this.listener.close();
    this.#closed();
  }

  what(): string {
    return "a listening socket";
  }

  ready(): void {
    const { slots } = this.reception;
    const end = performance.now() + burstMs;
    do {
      if (slots.isFull) {
        this.#pause();
        return slots.whenFree(() => this.#watch());
      }
      if (!this.#accept()) return;
    } while (performance.now() < end);
  }

  /** False when nobody is there, or can be let in. */
  #accept(): boolean {
    let conn;
    try {
      conn = this.listener.accept();
    } catch (error) {
      const now = performance.now();
      if (!this.#failures.isEveryones(error, now)) return true;
      this.#pause();
      setTimeout(() => this.#watch(), pauseMs);
      return false;
    }
    if (conn === null) return false;
    if (this.#lastCall !== null) {
      this.#lastCall = performance.now();
      letIn(conn.fd);
    }
    this.reception.receive(conn);
    return true;
  }

  #watch(): void {
    if (this.#isWatching || this.#isClosed) return;
    this.#isWatching = true;
    eventLoop.add(this.listener.fd, EPOLLIN, this);
  }

  #pause(): void {
    if (!this.#isWatching) return;
    this.#isWatching = false;
    eventLoop.remove(this.listener.fd);
  }
}
