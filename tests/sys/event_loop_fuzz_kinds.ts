/**
 * The three ways to watch a descriptor: as a stream, by a watcher of one's own,
 * and by promises.
 *
 * @module
 */
import type { Receiver } from "../../lib/base/stream.ts";
import { closeDescriptor } from "../../lib/sys/descriptors.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from "../../lib/sys/epoll.ts";
import { eventLoop, type Watcher } from "../../lib/sys/event_loop.ts";
import { readable, writable } from "../../lib/sys/readable.ts";
import { peek } from "../../lib/sys/socket.ts";
import { SocketStream } from "../../lib/sys/socket_stream.ts";
import { receive, send } from "../support/socket_pair.ts";
import { Link } from "./event_loop_fuzz_links.ts";

const oneByte = new Uint8Array(1);

/** What waits to be sent is kept below. */
const mostUnsentBytes = 200_000;

export class StreamLink extends Link {
  private readonly stream = new SocketStream(this.pair.ours);
  /** How many receivers it has had; only the last is to be told. */
  private receivers = 0;
  /** It has unsent bytes, and will be told of the last of them. */
  private waits = false;

  constructor(...from: ConstructorParameters<typeof Link>) {
    super(...from);
    const ready = this.stream.ready.bind(this.stream);
    this.stream.ready = (events) => {
      this.check(!this.closed, "an event after close");
      const isForBytes = events === EPOLLIN;
      const hasThem = isForBytes && peek(this.pair.ours, oneByte) !== null;
      this.check(isForBytes === hasThem, "an event for nothing");
      ready(events);
    };
  }

  act(): void {
    const { stream, world } = this;
    if (this.closed) return this.disturb();
    const choice = world.below(100);
    if (this.receivers === 0 && choice < 50) this.open();
    else if (choice < 40) this.write(1 + world.below(4000));
    else if (choice < 45) this.write(60_000);
    else if (choice < 60) stream.paused = true;
    else if (choice < 80) stream.paused = false;
    else if (choice < 90) stream.readBytes = 1 + world.below(6000);
    else if (choice < 91) stream.readBytes = 100_000;
    else if (choice < 95) this.open();
    else if (choice < 96) this.endWriting();
    else if (choice < 97) stream.readsAlways = !stream.readsAlways;
    else this.close();
  }

  /** All of it is nothing after close: its number may be another's. */
  private disturb(): void {
    const { stream } = this;
    stream.close();
    stream.paused = !stream.paused;
    stream.write(new Uint8Array(10));
    stream.endWriting();
    if (this.world.below(2)) this.open();
  }

  private endWriting(): void {
    if (this.stream.unsent > 0) return;
    this.hasEnded = true;
    this.stream.endWriting();
  }

  private open(): void {
    const number = ++this.receivers;
    const isLast = () =>
      this.check(number === this.receivers, "the one before is told");
    const receiver: Receiver = {
      received: (bytes) => {
        isLast();
        this.check(!this.stream.paused, "bytes while paused");
        this.check(
          this.stream.unsent === 0 || this.stream.readsAlways,
          "bytes while some are unsent",
        );
        this.check(bytes.length <= this.stream.readBytes, "too many bytes");
        this.check(bytes.length > 0, "no bytes");
        this.take(bytes);
        this.world.meanwhile(this);
      },
      ended: () => {
        isLast();
        this.check(!this.stream.paused, "an end while paused");
        this.takeEnd();
        this.world.meanwhile(this);
      },
      drained: () => {
        isLast();
        this.check(!this.closed, "drained after close");
        this.check(this.waits, "drained for nothing");
        this.check(this.stream.unsent === 0, "drained too early");
        this.waits = false;
        this.world.saw("drained");
        this.world.meanwhile(this);
      },
    };
    this.stream.open(receiver);
  }

  private write(count: number): void {
    if (this.hasEnded) return;
    const before = this.stream.unsent;
    if (before > mostUnsentBytes) return;
    this.check(this.waits === before > 0, "drained was not told");
    const bytes = this.next(count);
    this.stream.write(bytes);
    bytes.fill(0); // it is ours again
    this.written += count;
    if (!this.peerIsOpen) this.mayLose = true;
    this.waits = this.stream.unsent > 0;
  }

  close(): void {
    const isFirst = !this.closed;
    if (isFirst) this.dropped = this.stream.unsent;
    if (this.dropped > 0) this.world.saw("close with unsent bytes");
    this.closed = true;
    this.stream.close();
    this.check(this.stream.unsent === 0, "unsent after close");
    if (isFirst) this.world.freed(this.pair.ours);
  }

  isSettled(): boolean {
    if (this.closed) return true;
    if (this.receivers === 0) this.open();
    this.stream.paused = false;
    while (this.peerRead(65536));
    if (this.stream.unsent > 0 || this.waits) return false;
    return this.hasAll && (!this.peerIsOpen || this.peerGot === this.written);
  }
}

export class WatchLink extends Link implements Watcher {
  private interest = 0;

  act(): void {
    if (this.closed) return;
    const choice = this.world.below(100);
    if (choice < 30) this.want(EPOLLIN);
    else if (choice < 50) this.want(EPOLLIN | EPOLLOUT);
    else if (choice < 70) this.want(EPOLLOUT);
    else if (choice < 90) this.want(0);
    else if (choice < 95) eventLoop.remove(this.interest ? -1 : this.pair.ours);
    else this.close();
  }

  private want(interest: number): void {
    const before = this.interest;
    this.interest = this.endTold ? 0 : interest;
    if (before === 0 && this.interest !== 0) {
      eventLoop.add(this.pair.ours, this.interest, this);
    } else if (this.interest === 0) eventLoop.remove(this.pair.ours);
    else eventLoop.change(this.pair.ours, this.interest);
  }

  ready(events: number): void {
    this.check(!this.closed, "an event after close");
    this.check(this.interest !== 0, "an event after remove");
    this.check(events !== 0, "no event");
    const isOver = (events & (EPOLLHUP | EPOLLERR)) !== 0;
    if (isOver) this.check(!this.peerIsOpen, "a hang-up for nothing");
    if (events & EPOLLOUT && !isOver) this.write();
    if (events & EPOLLIN || isOver) this.read();
    this.world.meanwhile(this);
  }

  private write(): void {
    this.world.saw("room");
    const bytes = this.next(1 + this.world.below(3000));
    this.written += send(this.pair.ours, bytes);
    if (!this.peerIsOpen) this.mayLose = true;
  }

  private read(): void {
    const come = receive(this.pair.ours, 1 + this.world.below(4000));
    if (typeof come !== "string") {
      this.check(come.length > 0, "an event for nothing");
      return this.take(come);
    }
    this.takeEnd();
    this.want(0);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.world.below(2)) eventLoop.close(this.pair.ours);
    else {
      eventLoop.remove(this.pair.ours);
      closeDescriptor(this.pair.ours);
    }
    this.world.freed(this.pair.ours);
  }

  isSettled(): boolean {
    if (this.closed) return true;
    if (this.interest !== EPOLLIN) this.want(EPOLLIN);
    while (this.peerRead(65536));
    return this.hasAll && (!this.peerIsOpen || this.peerGot === this.written);
  }
}

export class PromiseLink extends Link {
  private waits = false;

  act(): void {
    if (this.closed || this.waits) return;
    if (this.world.below(10) === 0) this.close();
    else if (!this.endTold) {
      this.wait().catch((error) => this.world.failed(error));
    }
  }

  private async wait(): Promise<void> {
    const forRoom = this.world.below(3) === 0;
    const end = this.world.below(2)
      ? Infinity
      : performance.now() + this.world.below(4);
    this.waits = true;
    const isReady = await (forRoom ? writable : readable)(this.pair.ours, end);
    this.waits = false;
    this.check(isReady || performance.now() >= end, "over before its end");
    this.check(!this.closed, "told after close");
    if (!isReady) return this.world.saw("time over");
    if (forRoom) {
      this.written += send(this.pair.ours, this.next(1000));
      if (!this.peerIsOpen) this.mayLose = true;
    } else {
      const come = receive(this.pair.ours, 1 + this.world.below(4000));
      if (typeof come === "string") this.takeEnd();
      else {
        this.check(come.length > 0, "readable, and nothing to read");
        this.take(come);
      }
    }
    this.world.meanwhile(this);
  }

  close(): void {
    if (this.closed || this.waits) return; // it is not to be closed meanwhile
    this.closed = true;
    closeDescriptor(this.pair.ours);
    this.world.freed(this.pair.ours);
  }

  isSettled(): boolean {
    if (this.closed) return true;
    while (this.peerRead(65536));
    if (!this.waits && !this.endTold && !this.hasAll) this.act();
    return this.hasAll && (!this.peerIsOpen || this.peerGot === this.written);
  }
}
