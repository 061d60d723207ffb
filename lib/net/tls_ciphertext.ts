/**
 * A stream of ours as node:tls wants to have it.
 *
 * @module
 */
import { Duplex } from "node:stream";
import type { Receiver, Stream } from "../base/stream.ts";

type Done = (error?: Error | null) => void;

/**
 * Encrypted bytes, from and to a network's stream, which others open and
 * close.
 */
export class Ciphertext extends Duplex implements Receiver {
  #written: Done | null = null;

  /** @param seen is told of what is sent, before that is */
  constructor(
    readonly network: Stream,
    readonly seen: (bytes: Uint8Array) => void = () => {},
  ) {
    super();
  }

  received(bytes: Uint8Array<ArrayBuffer>): void {
    // Whoever listens takes a copy; what waits for somebody needs its own.
    const isHeard = this.readableFlowing && this.readableLength === 0;
    if (isHeard) this.emit("data", bytes);
    else this.push(bytes.slice());
  }

  ended(): void {
    this.push(null);
  }

  drained(): void {
    const written = this.#written;
    this.#written = null;
    written?.();
  }

  override _read(): void {
    // Bytes come by themselves; who wants none pauses the network's stream.
  }

  override _write(bytes: Uint8Array, _encoding: string, done: Done): void {
    this.seen(bytes);
    this.network.write(bytes as Uint8Array<ArrayBuffer>);
    if (this.network.unsent > 0) this.#written = done;
    // Not from in here: node would then wait for the runtime's turn.
    else queueMicrotask(done);
  }

  /** Put off, for node:tls writes an alert after it has destroyed its side. */
  override destroy(error?: Error): this {
    setTimeout(() => super.destroy(error));
    return this;
  }
}
