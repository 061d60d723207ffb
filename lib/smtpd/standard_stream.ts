/**
 * Descriptors 0 and 1 as a stream: of a process that one connection has for
 * itself, so that whatever they are will do, and nobody else has to wait.
 *
 * @module
 */
import type { Receiver, Stream } from "../base/stream.ts";
import { Lingering } from "../sys/lingering.ts";
import { endWriting } from "../sys/socket.ts";

const bufferBytes = 32768;

export class StandardStream implements Stream {
  #resolveClosed = () => {};
  /** Resolves when nobody needs them any more: TLS has its last words. */
  readonly closed = new Promise<void>((over) => this.#resolveClosed = over);
  readBytes = bufferBytes;
  #receiver: Receiver | null = null;
  #isPaused = false;
  #isReading = false;
  /** Bytes in the buffer that came when nobody wanted them any more. */
  #held = 0;
  #isClosed = false;
  /** Whether what was written reached nobody: they are gone. */
  hasFailed = false;
  #hasEnded = false;
  #isEndTold = false;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #unsent: Uint8Array<ArrayBuffer>[] = [];
  #unsentBytes = 0;

  open(receiver: Receiver): void {
    this.#receiver = receiver;
    queueMicrotask(() => this.#read());
  }

  get paused(): boolean {
    return this.#isPaused;
  }

  set paused(paused: boolean) {
    this.#isPaused = paused;
    if (!paused) queueMicrotask(() => this.#read());
  }

  get unsent(): number {
    return this.#unsentBytes;
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed) return;
    this.#unsent.push(bytes.slice());
    this.#unsentBytes += bytes.length;
    if (this.#unsent.length === 1) this.#send();
  }

  linger(over: () => void): void {
    endWriting(1);
    const lingering = new Lingering(() => {
      this.close();
      over();
    });
    if (this.#isEndTold) return lingering.ended();
    this.#receiver = lingering;
    this.readBytes = bufferBytes;
    this.paused = false;
  }

  /** They are closed by leaving, which is to wait for `closed`. */
  close(): void {
    this.#isClosed = true;
    this.#resolveClosed();
    this.#unsent = [];
    this.#unsentBytes = 0;
  }

  get #mayRead(): boolean {
    return this.#receiver !== null && !this.#isPaused && !this.#isClosed &&
      this.#unsentBytes === 0;
  }

  async #read(): Promise<void> {
    if (this.#isReading || this.#isEndTold || !this.#mayRead) return;
    this.#isReading = true;
    const buffer = this.#buffer ??= new Uint8Array(bufferBytes);
    if (this.#held === 0) {
      const wanted = buffer.subarray(0, Math.min(this.readBytes, bufferBytes));
      const n = await Deno.stdin.read(wanted).catch(() => null);
      if (n === null) this.#hasEnded = true;
      else this.#held = n;
    }
    this.#isReading = false;
    if (!this.#mayRead) return; // once it may again
    if (this.#hasEnded) {
      this.#isEndTold = true;
      return this.#receiver!.ended();
    }
    const bytes = buffer.subarray(0, this.#held);
    this.#held = 0;
    this.#receiver!.received(bytes);
    this.#read();
  }

  async #send(): Promise<void> {
    while (this.#unsent.length > 0) {
      let bytes = this.#unsent[0];
      // Who does not listen any more is told of by the next read.
      const sent = await Deno.stdout.write(bytes).catch(() => {
        this.hasFailed = true;
        return bytes.length;
      });
      if (this.#isClosed) return;
      bytes = bytes.subarray(sent);
      this.#unsentBytes -= sent;
      if (bytes.length > 0) this.#unsent[0] = bytes;
      else this.#unsent.shift();
    }
    this.#receiver?.drained();
    this.#read();
  }
}
