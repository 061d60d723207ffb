/**
 * epoll(7): which of many descriptors can be read from or written to.
 *
 * @module
 */
import { check, libc } from "./libc.ts";
import { O_CLOEXEC } from "./numbers.ts";

/** What may be waited for, and what may be told of a descriptor. */
export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
/** These two are told whether they are waited for or not. */
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
/** The peer has ended its side. */
export const EPOLLRDHUP = 0x2000;
/** Tells of what is new alone: for bytes that are looked at and left. */
export const EPOLLET = 0x8000_0000;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;

/** struct epoll_event is packed on x86_64 alone. */
const [eventBytes, dataAt] = Deno.build.arch === "x86_64" ? [12, 4] : [16, 8];

/** What the kernel fills; another thread may, so it has memory of its own. */
export class Events {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  /** @param most events that one wait gives */
  constructor(readonly most: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(eventBytes * most));
    this.#view = new DataView(this.bytes.buffer);
  }

  /** What happened to the `i`th descriptor. */
  happened(i: number): number {
    return this.#view.getUint32(i * eventBytes, true);
  }

  fd(i: number): number {
    return this.#view.getUint32(i * eventBytes + dataAt, true);
  }

  /** The number that the descriptor was added with. */
  generation(i: number): number {
    return this.#view.getUint32(i * eventBytes + dataAt + 4, true);
  }
}

export class Epoll {
  readonly #fd: number;
  readonly #event = new Uint8Array(new ArrayBuffer(eventBytes));
  readonly #view = new DataView(this.#event.buffer);

  /** @throws SystemError */
  constructor() {
    this.#fd = check("epoll_create1", libc().epoll_create1(O_CLOEXEC));
  }

  /** @throws SystemError, such as EPERM for a file, which is always ready */
  add(fd: number, interest: number, generation: number): void {
    check("epoll_ctl", this.#control(EPOLL_CTL_ADD, fd, interest, generation));
  }

  /** @throws SystemError */
  change(fd: number, interest: number, generation: number): void {
    check("epoll_ctl", this.#control(EPOLL_CTL_MOD, fd, interest, generation));
  }

  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0, 0);
  }

  /** What is ready now. @returns how many of `events` are filled */
  poll(events: Events): number {
    return libc().epoll_poll(this.#fd, events.bytes, events.most, 0);
  }

  /** The same, after up to `milliseconds`, on a helper thread. */
  wait(events: Events, milliseconds: number): Promise<number> {
    const { bytes, most } = events;
    return libc().epoll_wait(this.#fd, bytes, most, milliseconds);
  }

  #control(
    operation: number,
    fd: number,
    interest: number,
    generation: number,
  ) {
    this.#view.setUint32(0, interest, true);
    this.#view.setUint32(dataAt, fd, true);
    this.#view.setUint32(dataAt + 4, generation, true);
    return libc().epoll_ctl(this.#fd, operation, fd, this.#event);
  }
}
