/**
 * A stream that was encrypted, as far as it does not matter who encrypts: its
 * handshake, its clear side, its end.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import type { Receiver, Stream, TlsFacts } from "../base/stream.ts";
import { eventLoop } from "../sys/event_loop.ts";
import { ServerHelloReader } from "./server_hello.ts";
import { handshakeFailure, tookTooLong } from "./tls_failure.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const nothing = new Uint8Array(new ArrayBuffer(0));

/** For the messages of a handshake, and the records of short commands. */
const leastNetworkBytes = 4096;

/** How long it may take to tell a client that a stream was closed. */
const farewellMs = 2000;

export abstract class SecuredStream implements Stream {
  #receiver: Receiver | null = null;
  /** Decrypted, and not told yet: no more than was read from the network. */
  #kept: Bytes = nothing;
  #isScheduled = false;
  #readBytes = 1024;
  #paused = false;
  #unsent = 0;
  #end: "ahead" | "here" | "told" = "ahead";
  #closed = false;
  #isLeaving = false;
  #isGone = false;
  /** Who waits for the end of a peer that is listened to no more. */
  #lingers: (() => void) | null = null;
  #farewell: ReturnType<typeof setTimeout> | undefined;
  #facts: TlsFacts | null = null;
  /** Who looks at what is sent, until the handshake is over. */
  #hello: ServerHelloReader | null = new ServerHelloReader();
  #resolveGone = () => {};
  readonly #gone = new Promise<void>((over) => this.#resolveGone = over);

  constructor(readonly network: Stream) {
    network.readBytes = leastNetworkBytes;
  }

  /** @throws whatever keeps the handshake from happening */
  protected abstract shakeHands(): Promise<void>;
  /** Encrypts and sends, and says when the bytes are on their way. */
  protected abstract send(bytes: Bytes, sent: () => void): void;
  /** Lets bytes come, or keeps them away, as {@linkcode isOpen} says. */
  protected abstract flow(): void;
  /** Tells the client of the end, then {@linkcode leave leaves}. */
  protected abstract sayGoodbye(): void;
  /** Closes all that there is beside the network. */
  protected abstract closeAll(): void;

  /** @throws Error with a reason for the log; then all is closed */
  async establish(seconds: number): Promise<this> {
    const start = performance.now();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#breakOff();
    }, seconds * 1000);
    try {
      await Promise.race([this.shakeHands(), this.#gone]);
      this.#keepFacts(performance.now() - start);
      if (!isLate) return this;
    } catch (error) {
      this.close();
      await this.#gone; // the client was told why
      if (!isLate) throw new Error(handshakeFailure(error));
    } finally {
      clearTimeout(timer);
    }
    throw new Error(tookTooLong);
  }

  get tls(): TlsFacts {
    return this.#facts!;
  }

  #keepFacts(handshakeMs: number): void {
    this.#facts = { ...this.#hello!.agreement, handshakeMs };
    this.#hello = null;
  }

  open(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#schedule();
  }

  get readBytes(): number {
    return this.#readBytes;
  }

  set readBytes(readBytes: number) {
    this.#readBytes = readBytes;
    this.network.readBytes = Math.max(readBytes, leastNetworkBytes);
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#proceed();
  }

  get unsent(): number {
    return this.#unsent;
  }

  write(bytes: Bytes): void {
    const { length } = bytes;
    if (this.#closed || length === 0) return;
    this.#unsent += length;
    this.flow();
    this.send(bytes.slice(), () => {
      this.#unsent -= length;
      this.drain();
    });
  }

  linger(over: () => void): void {
    if (this.#closed) return over();
    this.#lingers = over;
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#receiver = null;
    this.#kept = nothing;
    if (this.unsent > 0) return this.#breakOff();
    this.#farewell = setTimeout(() => this.#breakOff(), farewellMs);
    this.sayGoodbye();
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  protected get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether the next bytes would be told at once. */
  protected get isOpen(): boolean {
    return this.#mayTell && this.#kept.length === 0;
  }

  /** Encrypted bytes go to the network. */
  protected sends(bytes: Uint8Array): void {
    this.#hello?.look(bytes);
  }

  /** Bytes were decrypted. They are looked at until this is open again. */
  protected take(bytes: Bytes): void {
    if (this.#closed) return;
    const isFirst = this.#kept.length === 0;
    this.#kept = isFirst ? bytes : concat([this.#kept, bytes]);
    if (!this.#isScheduled) this.#tell();
  }

  /** Nothing more will be decrypted. */
  protected end(): void {
    if (this.#end !== "ahead") return;
    this.#end = "here";
    if (!this.#isScheduled) this.#tell();
  }

  /** Something is on its way that was not; maybe nothing is unsent any more. */
  protected drain(): void {
    if (this.#isLeaving) this.leave();
    if (this.unsent > 0 || this.#closed) return;
    this.#receiver?.drained();
    this.#proceed();
  }

  /** All was said; closes when the network has it. */
  protected leave(): void {
    this.#isLeaving = true;
    if (this.network.unsent === 0) this.#breakOff();
  }

  #breakOff(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#closed = true;
    clearTimeout(this.#farewell);
    this.#leaveNetwork();
    this.closeAll();
    this.#resolveGone();
  }

  #leaveNetwork(): void {
    const { network } = this;
    const over = this.#lingers;
    if (over !== null && network.unsent === 0) return network.linger(over);
    network.close();
    over?.();
  }

  /** Goes on after something that was in the way has gone. */
  #proceed(): void {
    if (this.#closed) return;
    if (this.#mayTell && this.#hasSomething) this.#schedule();
    this.flow();
  }

  get #mayTell(): boolean {
    return this.#receiver !== null && !this.#paused && this.unsent === 0;
  }

  get #hasSomething(): boolean {
    return this.#kept.length > 0 || this.#end === "here";
  }

  #tell(): void {
    if (this.#closed) return;
    if (!this.#mayTell || !this.#hasSomething) return this.flow();
    if (this.#kept.length === 0) {
      this.#end = "told";
      return this.#receiver!.ended();
    }
    const bytes = this.#kept.subarray(0, this.#readBytes);
    this.#kept = this.#kept.subarray(bytes.length);
    this.#receiver!.received(bytes);
    this.#proceed();
  }

  /** Others have their turn between two pieces. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    eventLoop.defer(() => {
      this.#isScheduled = false;
      this.#tell();
    });
  }
}
