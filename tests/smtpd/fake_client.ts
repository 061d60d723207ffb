/**
 * A client in memory and the stream that a driver has of it: what it says is
 * told in turns, and what it hears is as much as it wants to hear.
 *
 * @module
 */
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import type { Receiver, Stream } from "../../lib/base/stream.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One buffer for all: what is told is there until the receiver returns. */
const buffer = new Uint8Array(new ArrayBuffer(65536));

export class FakeClient implements Stream {
  /** What it has said and nobody has read yet. */
  #said: Bytes = new Uint8Array(0);
  #hasLeft = false;
  #isEndTold = false;
  #receiver: Receiver | null = null;
  #isScheduled = false;
  #paused = false;
  #unsent = "";
  /** How much more it takes. */
  #takes = Infinity;
  readBytes = 1024;
  /** What it has taken. */
  heard = "";
  closed = 0;
  /** How often it was closed gently. */
  lingered = 0;
  /** The most that was ever kept for it. */
  mostUnsent = 0;
  /** Called before it is told anything; throws in the place of the driver. */
  onTurn = () => {};

  /** @param says at once, without waiting for replies */
  constructor(says = "") {
    this.say(says);
  }

  say(text: string): void {
    this.#said = toBytes(fromBytes(this.#said) + text);
    this.#schedule();
  }

  /** Nothing more is said; it still listens. */
  leave(): void {
    this.#hasLeft = true;
    this.#schedule();
  }

  /** Takes so many bytes more, and then nothing. */
  take(bytes: number): void {
    this.#takes = bytes;
    this.#send();
  }

  /** Bytes that were said and not read yet. */
  get unread(): number {
    return this.#said.length;
  }

  // The driver's side.

  open(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#schedule();
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#schedule();
  }

  get unsent(): number {
    return this.#unsent.length;
  }

  write(bytes: Bytes): void {
    if (this.closed > 0) return;
    this.#unsent += fromBytes(bytes);
    const wasWaiting = this.#send(false);
    if (wasWaiting) this.mostUnsent = Math.max(this.mostUnsent, this.unsent);
  }

  linger(over: () => void): void {
    this.lingered++;
    this.close();
    over();
  }

  close(): void {
    this.closed++;
    this.#unsent = "";
  }

  /** @returns whether something is left */
  #send(tells = true): boolean {
    const hadUnsent = this.unsent > 0;
    const taken = this.#unsent.slice(0, this.#takes);
    this.#takes -= taken.length;
    this.heard += taken;
    this.#unsent = this.#unsent.slice(taken.length);
    if (tells && hadUnsent && this.unsent === 0) this.#tellDrained();
    return this.unsent > 0;
  }

  #tellDrained(): void {
    setTimeout(() => {
      if (this.closed > 0 || this.unsent > 0) return;
      this.#receiver?.drained();
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#tell();
    });
  }

  #tell(): void {
    const receiver = this.#receiver;
    const mayTell = receiver !== null && !this.#paused && this.unsent === 0;
    if (!mayTell || this.closed > 0) return;
    const count = Math.min(this.#said.length, this.readBytes);
    if (count > 0) {
      buffer.set(this.#said.subarray(0, count));
      this.#said = this.#said.slice(count);
      receiver.received(buffer.subarray(0, count));
      buffer.fill(0xff, 0, count);
      this.#schedule();
    } else if (this.#hasLeft && !this.#isEndTold) {
      this.#isEndTold = true;
      receiver.ended();
    }
  }
}
