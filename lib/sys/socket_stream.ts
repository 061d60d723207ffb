/**
 * A connected socket as a stream, on the event loop.
 *
 * @module
 */
import type { Receiver, Stream } from "../base/stream.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from "./epoll.ts";
import { eventLoop, type Watcher } from "./event_loop.ts";
import { Lingering } from "./lingering.ts";
import { errno, libc } from "./libc.ts";
import { EAGAIN, EINTR, MSG_DONTWAIT, MSG_NOSIGNAL } from "./numbers.ts";
import { endWriting, peerName } from "./socket.ts";

/** One buffer for all: a stream that waits has none of its own. */
const input = new Uint8Array(new ArrayBuffer(65536));

const nothing = new Uint8Array(new ArrayBuffer(0));

/** Interest in nothing: the descriptor is not watched. */
const none = 0;

export class SocketStream implements Stream, Watcher {
  #receiver: Receiver | null = null;
  #interest = none;
  #unsent = nothing;
  #paused = false;
  /** The peer has ended its side, or has gone; that is told once. */
  #hasEnded = false;
  #closed = false;
  readBytes = 1024;
  /**
   * Reads also while the peer takes nothing: for a peer that in turn does not
   * read while nobody takes what it has written.
   */
  readsAlways = false;

  /** @param fd of a connected socket; closed by {@linkcode close} */
  constructor(readonly fd: number) {}

  open(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#wait();
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    // What comes while it is paused shows whether it has to be kept away.
    if (!paused) this.#wait();
  }

  get unsent(): number {
    return this.#unsent.length;
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#closed) return;
    if (this.#unsent.length > 0) {
      const all = new Uint8Array(this.#unsent.length + bytes.length);
      all.set(this.#unsent);
      all.set(bytes, this.#unsent.length);
      this.#unsent = all;
      return;
    }
    const sent = this.#send(bytes);
    if (sent === bytes.length) return;
    this.#unsent = bytes.slice(sent);
    this.#wait();
  }

  /** Ends our direction, for good: what is unsent has to be none. */
  endWriting(): void {
    if (!this.#closed) endWriting(this.fd);
  }

  linger(over: () => void): void {
    if (this.#closed) return over();
    this.endWriting();
    const lingering = new Lingering(() => {
      this.close();
      over();
    });
    if (this.#hasEnded) return lingering.ended();
    this.#receiver = lingering;
    this.readBytes = input.length;
    this.paused = false;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsent = nothing;
    eventLoop.close(this.fd);
  }

  what(): string {
    const peer = this.#closed ? null : peerName(this.fd);
    return peer === null ? "a connection" : `a connection of ${peer.ip}`;
  }

  ready(events: number): void {
    if (this.#unsent.length > 0) {
      this.#drain(events);
      if (!this.readsAlways || (events & ~EPOLLOUT) === 0) return;
    }
    if (this.#paused || this.#hasEnded) this.#wait();
    else if (!this.#closed) this.#read();
  }

  #read(): void {
    const length = Math.min(this.readBytes, input.length);
    const n = libc().recv(this.fd, input, length, MSG_DONTWAIT);
    if (n > 0) return this.#receiver!.received(input.subarray(0, n));
    if (n < 0 && isForNow(errno())) return;
    this.#end();
  }

  #drain(events: number): void {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) === 0) return;
    const sent = this.#send(this.#unsent);
    if (this.#closed) return;
    if (sent < this.#unsent.length) {
      this.#unsent = this.#unsent.subarray(sent);
      return;
    }
    this.#unsent = nothing;
    this.#wait();
    this.#receiver?.drained();
  }

  /** @returns how much was taken: all of it when nobody will read it */
  #send(bytes: Uint8Array<ArrayBuffer>): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const n = libc().send(this.fd, bytes, bytes.length, flags);
    if (n >= 0) return n;
    // A peer that has gone is told of by the next read.
    return isForNow(errno()) ? 0 : bytes.length;
  }

  #end(): void {
    this.#hasEnded = true;
    this.#wait();
    this.#receiver!.ended();
  }

  /** Watches for what can be of use now, and for nothing else. */
  #wait(): void {
    if (this.#closed || this.#receiver === null) return;
    const isSending = this.#unsent.length > 0;
    const isReading = !this.#paused && !this.#hasEnded &&
      (!isSending || this.readsAlways);
    const wanted = (isSending ? EPOLLOUT : none) | (isReading ? EPOLLIN : none);
    const before = this.#interest;
    if (wanted === before) return;
    this.#interest = wanted;
    if (wanted === none) eventLoop.remove(this.fd);
    else if (before === none) eventLoop.add(this.fd, wanted, this);
    else eventLoop.change(this.fd, wanted);
  }
}

const isForNow = (error: number) => error === EAGAIN || error === EINTR;
