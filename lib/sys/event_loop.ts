/**
 * The event loop for descriptors: sockets, pipes, children, everything that
 * epoll(7) can wait for, on one thread and in turns that are short.
 *
 * The runtime has an event loop of its own, for timers, promises and signals.
 * While there is something to do this one asks the kernel without leaving the
 * thread; it waits on a helper thread, which costs two switches, only when
 * there is nothing to do or when the runtime's turn has come.
 *
 * @module
 */
import { closeDescriptor, eventCounter } from "./descriptors.ts";
import { Epoll, EPOLLIN, Events } from "./epoll.ts";
import { Durations } from "../base/durations.ts";

/** Told, in short, what happened to a descriptor (EPOLLIN and the like). */
export interface Watcher {
  ready(events: number): void;
  /** What it is, for an administrator; asked only about who takes too long. */
  what?(): string;
}

/** Nobody who waits notices a shorter turn. */
const heldMs = 250;
/** One line for so long. */
const heldEveryMs = 60_000;

/** Events, and deferred calls, between two looks at the clock. */
const batchEvents = 8;
/** After either, the runtime gets its turn. */
const turnEvents = 256;
const turnMs = 4;
/**
 * How often nothing is found before the thread is left: under load the next
 * event comes sooner than the two switches of a helper thread.
 */
const emptyPolls = 6;
/**
 * A gate at rest wakes up so often. When the system has no thread to give
 * (RLIMIT_NPROC, a container's pids.max) other work of the runtime has to wait
 * for the helper thread that waits here; without any it would abort.
 */
const restMs = 5000;
/** Before another try when waiting failed. */
const afterFailureMs = 10;

export class EventLoop {
  #opened: Epoll | undefined;
  readonly #polled = new Events(batchEvents);
  readonly #waited = new Events(batchEvents);
  /** By descriptor. */
  readonly #watchers: (Watcher | undefined)[] = [];
  /** By descriptor: tells a closed one's late event from its successor's. */
  readonly #generations: number[] = [];
  #generation = 0;
  #watched = 0;
  #running = false;
  /** A helper thread waits for events. */
  #isWaiting = false;
  /** What wakes it when there is something else to do; made when needed. */
  #bell: number | undefined;
  #isRinging = false;
  #deferred: (() => void)[] = [];
  readonly turns = new Durations();
  /** Whom the last events were told: who is asked when that took too long. */
  readonly #told: (Watcher | undefined)[] = new Array(batchEvents);
  #toldCount = 0;
  #heldTold = -Infinity;
  /** Is told, now and then, of what took too long. */
  onHeld: (milliseconds: number, what: string) => void = () => {};
  /** What becomes of an error of a watcher's, which only a bug explains. */
  onError: (error: unknown) => void = (error) => reportError(error);

  /** Descriptors that are watched. */
  get watched(): number {
    return this.#watched;
  }

  /**
   * Watches a descriptor, until {@linkcode remove}, which has to come before
   * it is closed. One watcher a descriptor.
   *
   * @param interest EPOLLIN and the like
   * @throws SystemError, such as EPERM for a file
   */
  add(fd: number, interest: number, watcher: Watcher): void {
    const generation = this.#generation = (this.#generation + 1) >>> 0;
    this.#epoll.add(fd, interest, generation);
    this.#watchers[fd] = watcher;
    this.#generations[fd] = generation;
    this.#watched++;
    if (!this.#running) this.#run();
  }

  /** Waits for something else of a descriptor that is watched. */
  change(fd: number, interest: number): void {
    this.#epoll.change(fd, interest, this.#generations[fd]);
  }

  /** Forgets a descriptor: nothing is told of it any more, not even now. */
  remove(fd: number): void {
    if (!this.#forget(fd)) return;
    this.#epoll.remove(fd);
    if (this.#watched === 0) this.#wake();
  }

  /**
   * The same for one that is closed with it. No other descriptor may be a copy
   * of it: then the kernel forgets it by itself.
   */
  close(fd: number): void {
    const wasWatched = this.#forget(fd);
    closeDescriptor(fd);
    if (wasWatched && this.#watched === 0) this.#wake();
  }

  #forget(fd: number): boolean {
    if (this.#watchers[fd] === undefined) return false;
    this.#watchers[fd] = undefined;
    this.#watched--;
    return true;
  }

  /** Calls a function soon, when others have had their turn. */
  defer(act: () => void): void {
    this.#deferred.push(act);
    if (!this.#running) this.#run();
    else this.#wake();
  }

  get #epoll(): Epoll {
    return this.#opened ??= new Epoll();
  }

  get #hasWork(): boolean {
    return this.#watched > 0 || this.#deferred.length > 0;
  }

  async #run(): Promise<void> {
    this.#running = true;
    await undefined; // whoever has called comes to its end first
    for (let waited = 0; this.#hasWork; waited = await this.#rest()) {
      const since = performance.now();
      this.#tell(this.#waited, waited);
      let now = performance.now();
      if (now - since > heldMs) this.#held(now - since, now);
      let empty = 0;
      for (let done = 0; done < turnEvents && now - since < turnMs;) {
        const count = this.#epoll.poll(this.#polled);
        if (count <= 0 && this.#deferred.length === 0) {
          if (++empty > emptyPolls) break;
          continue;
        }
        empty = 0;
        done += Math.max(count, 1);
        this.#tell(this.#polled, count);
        this.#callDeferred();
        await undefined; // promises that were waiting
        const before = now;
        now = performance.now();
        if (now - before > heldMs) this.#held(now - before, now);
      }
      this.turns.record(now - since);
    }
    this.#running = false;
  }

  /** The runtime's turn, and a wait where there is nothing to do. */
  async #rest(): Promise<number> {
    if (!this.#hasWork) return 0;
    this.#isWaiting = this.#deferred.length === 0;
    const count = await this.#epoll.wait(
      this.#waited,
      this.#isWaiting ? restMs : 0,
    );
    this.#isWaiting = false;
    if (this.#isRinging) this.#epoll.remove(this.#bell!);
    this.#isRinging = false;
    if (count < 0) {
      await new Promise((over) => setTimeout(over, afterFailureMs));
    }
    return count;
  }

  /** The clock is read for all of a batch: so it may be one of several. */
  #held(milliseconds: number, now: number): void {
    if (now - this.#heldTold < heldEveryMs) return;
    this.#heldTold = now;
    const all = this.#told.slice(0, this.#toldCount).map((watcher) =>
      watcher?.what?.() ?? "something of our own"
    );
    const some = [...new Set(all)].join(", ");
    const what = all.length === 0
      ? "work that was put off"
      : all.length === 1
      ? some
      : `one of: ${some}`;
    this.onHeld(Math.round(milliseconds), what);
  }

  #tell(events: Events, count: number): void {
    this.#toldCount = 0;
    for (let i = 0; i < count; i++) {
      const fd = events.fd(i);
      const watcher = this.#watchers[fd];
      // It may have been closed by the one before, and its number used again.
      if (watcher === undefined) continue;
      if (this.#generations[fd] !== events.generation(i)) continue;
      this.#told[this.#toldCount++] = watcher;
      try {
        watcher.ready(events.happened(i));
      } catch (error) {
        if (this.#watchers[fd] === watcher) this.remove(fd); // else: for ever
        this.onError(error);
      }
    }
  }

  /** As many as events are taken at once; the others have to wait. */
  #callDeferred(): void {
    if (this.#deferred.length === 0) return;
    for (const act of this.#deferred.splice(0, batchEvents)) {
      try {
        act();
      } catch (error) {
        this.onError(error);
      }
    }
  }

  /** A descriptor that is always ready ends the wait. */
  #wake(): void {
    if (!this.#isWaiting || this.#isRinging) return;
    try {
      this.#bell ??= eventCounter(1);
      this.#epoll.add(this.#bell, EPOLLIN, 0);
      this.#isRinging = true;
    } catch {
      // Without a descriptor for it, this waits for the next event.
    }
  }
}

/** The process's own. */
export const eventLoop = new EventLoop();
