/**
 * What the fuzz of the event loop watches: each has a peer that the fuzz plays,
 * and carries bytes that say whose they are and which.
 *
 * @module
 */
import { closeDescriptor } from "../../lib/sys/descriptors.ts";
import {
  endSending,
  receive,
  reset,
  send,
  type SocketPair,
} from "../support/socket_pair.ts";

/** What a link asks of the fuzz. */
export interface World {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  /** Within a callback: whatever the fuzz likes to do, and maybe throw. */
  meanwhile(link: Link): void;
  /** Counts what has happened, to see that all of it has. */
  saw(what: string): void;
  /** Something went wrong where nobody catches it. */
  failed(error: unknown): void;
  /** A descriptor's number is free from now on. */
  freed(fd: number): void;
}

/** Thrown, for the fuzz to find out who has. */
export class MeantError extends Error {
  constructor(readonly link: Link) {
    super("meant");
  }
}

/** Numbers of streams are mixed so that no two look alike, however shifted. */
function byteAt(stream: number, position: number): number {
  const mixed = Math.imul(stream, 0x9e3779b1) ^ Math.imul(position, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) >>> 24;
}

export abstract class Link {
  /** Bytes: what the peer has sent, what of it has come. */
  peerSent = 0;
  got = 0;
  /** Bytes: what we have written, what of it the peer has read. */
  written = 0;
  peerGot = 0;
  peerIsOpen = true;
  peerHasEnded = false;
  /** A reset takes with it what was on its way. */
  mayLose = false;
  /** We write no more, but still read. */
  hasEnded = false;
  closed = false;
  /** Written bytes that nobody will get, since we have closed. */
  dropped = 0;
  endTold = false;

  constructor(
    readonly id: number,
    protected readonly world: World,
    readonly pair: SocketPair,
    readonly isTcp: boolean,
  ) {}

  /** Does one thing to our side. */
  abstract act(): void;
  /** Closes our side; may be repeated. */
  abstract close(): void;
  /** Lets everything flow. @returns whether all has come that has to */
  abstract isSettled(): boolean;

  check(holds: boolean, what: string): void {
    if (!holds) throw new Error(`${what}: ${this.describe()}`);
  }

  describe(): string {
    const { pair: _, ...rest } = this as unknown as Record<string, unknown>;
    delete rest.world;
    delete rest.stream;
    return `${this.constructor.name} ${this.pair.ours} ${JSON.stringify(rest)}`;
  }

  /** What we write next. */
  protected next(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(new ArrayBuffer(count));
    for (let i = 0; i < count; i++) {
      bytes[i] = byteAt(2 * this.id, this.written + i);
    }
    return bytes;
  }

  /** Bytes have come to our side. */
  protected take(bytes: Uint8Array<ArrayBuffer>): void {
    this.check(!this.closed, "bytes after close");
    this.check(!this.endTold, "bytes after the end");
    this.check(this.got + bytes.length <= this.peerSent, "bytes twice");
    if (bytes.length > 0) this.world.saw("bytes");
    for (const byte of bytes) {
      const expected = byteAt(2 * this.id + 1, this.got++);
      this.check(byte === expected, "bytes that are not ours, or lost ones");
    }
  }

  /** The end has come to our side. */
  protected takeEnd(): void {
    this.check(!this.closed, "an end after close");
    this.check(!this.endTold, "an end twice");
    this.endTold = true;
    this.world.saw(this.mayLose ? "reset" : "end");
    this.check(this.peerHasEnded || !this.peerIsOpen, "an end for nothing");
    this.check(this.mayLose || this.got === this.peerSent, "bytes lost");
  }

  /** Whether all that was sent to us has come. */
  protected get hasAll(): boolean {
    if (this.peerHasEnded || !this.peerIsOpen) return this.endTold;
    return this.got === this.peerSent;
  }

  actOfPeer(): void {
    if (!this.peerIsOpen) return;
    const choice = this.world.below(100);
    if (choice < 45) this.peerSend(1 + this.world.below(3000));
    else if (choice < 85) this.peerRead(1 + this.world.below(20_000));
    else if (choice < 90) this.peerEnd();
    else if (choice < 95) this.peerClose(false);
    else if (choice < 97) this.peerClose(true);
    else this.peerSend(30_000);
  }

  private peerSend(count: number): void {
    if (this.peerHasEnded) return;
    const bytes = new Uint8Array(new ArrayBuffer(count));
    for (let i = 0; i < count; i++) {
      bytes[i] = byteAt(2 * this.id + 1, this.peerSent + i);
    }
    this.peerSent += send(this.pair.peer, bytes);
  }

  /** @returns whether there may be more */
  peerRead(limit: number): boolean {
    if (!this.peerIsOpen) return false;
    const come = receive(this.pair.peer, limit);
    if (come === "ended" && this.hasEnded && !this.closed) {
      this.check(this.peerGot === this.written, "peer lacks bytes");
      return false;
    }
    if (typeof come === "string") {
      this.check(this.closed, `the peer's connection is ${come}`);
      // Closed with bytes that were not read, or sent later, it is a reset.
      const isReset = this.isTcp && this.got < this.peerSent;
      const all = this.written - this.dropped;
      const hasAll = this.peerGot === all;
      this.check(come === "reset" || isReset || hasAll, "peer lacks bytes");
      this.peerClose(false);
      return false;
    }
    this.check(this.peerGot + come.length <= this.written, "peer gets twice");
    for (const byte of come) {
      const expected = byteAt(2 * this.id, this.peerGot++);
      this.check(byte === expected, "peer gets wrong bytes");
    }
    return come.length > 0;
  }

  private peerEnd(): void {
    if (this.peerHasEnded) return;
    this.peerHasEnded = true;
    endSending(this.pair.peer);
  }

  peerClose(hard: boolean): void {
    if (!this.peerIsOpen) return;
    this.peerIsOpen = false;
    if (hard || this.peerGot < this.written) this.mayLose = true;
    if (hard && this.isTcp) reset(this.pair.peer);
    else closeDescriptor(this.pair.peer);
    this.world.freed(this.pair.peer);
  }
}
