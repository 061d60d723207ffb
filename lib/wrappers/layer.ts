/**
 * A stream that looks at the bytes of another one, and may change them.
 *
 * @module
 */
import type { Around, Receiver, Stream, TlsFacts } from "../base/stream.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What is done with bytes that go by. */
export interface Lens {
  /** From the peer: what is told instead. */
  received(bytes: Bytes): Bytes;
  /** To the peer: what is written instead. */
  written(bytes: Bytes): Bytes;
  /** The peer has ended its side. */
  ended?(): void;
  /** Our side was ended; told once. */
  closed?(): void;
  /** The same for what comes of an encrypted stream; null to look no more. */
  again(): Lens | null;
}

export class LayeredStream implements Stream, Receiver {
  readonly tls?: TlsFacts;
  readonly around: Around;
  #receiver: Receiver | null = null;
  #isOpen = true;

  constructor(readonly beneath: Stream, readonly lens: Lens) {
    if (beneath.tls !== undefined) this.tls = beneath.tls;
    this.around = {
      beneath,
      again: (secured) => {
        const next = lens.again();
        return next === null ? secured : new LayeredStream(secured, next);
      },
    };
  }

  open(receiver: Receiver): void {
    this.#receiver = receiver;
    this.beneath.open(this);
  }

  received(bytes: Bytes): void {
    this.#receiver!.received(this.lens.received(bytes));
  }

  ended(): void {
    this.lens.ended?.();
    this.#receiver!.ended();
  }

  drained(): void {
    this.#receiver!.drained();
  }

  get readBytes(): number {
    return this.beneath.readBytes;
  }

  set readBytes(readBytes: number) {
    this.beneath.readBytes = readBytes;
  }

  get paused(): boolean {
    return this.beneath.paused;
  }

  set paused(paused: boolean) {
    this.beneath.paused = paused;
  }

  get unsent(): number {
    return this.beneath.unsent;
  }

  write(bytes: Bytes): void {
    if (this.#isOpen) this.beneath.write(this.lens.written(bytes));
  }

  linger(over: () => void): void {
    this.#end();
    this.beneath.linger(over);
  }

  close(): void {
    this.#end();
    this.beneath.close();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.lens.closed?.();
  }
}
