/**
 * A connection to a next hop: does what its session decides, and lets whoever
 * hands a message over wait for the answers.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import type { Receiver, Stream } from "../base/stream.ts";
import type { Delivery, Refusal } from "../mail/answers.ts";
import { never, type Ticker, ticker, type Timed } from "../net/deadlines.ts";
import { later } from "../smtp_client/answer.ts";
import type { ClientAction } from "../smtp_client/actions.ts";
import type { Beginning } from "../smtp_client/beginning.ts";
import type { Capabilities } from "../smtp_client/capabilities.ts";
import { type ClientConfig, ClientSession } from "../smtp_client/session.ts";
import { stepSeconds } from "../smtp_client/steps.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Makes an encrypted stream of one in the clear; throws what went wrong. */
export type Secure = (stream: Stream) => Promise<Stream>;

const readBytes = 4096;

export class HopConnection implements Receiver, Timed {
  readonly session: ClientSession;
  /** Why it is of no use any more; null while it is. */
  lost: Refusal | null = null;
  /** It has done work before. */
  isUsed = false;
  /** TLS was tried, and the connection was lost before anything else. */
  hasTlsFailed = false;
  /** Is told, once, when it is lost. */
  onLost: () => void = () => {};
  /** What is known of it elsewhere goes with it. */
  forget: () => void = () => {};
  #until = never;
  #isShakingHands = false;
  readonly #ready: ((refusal: Refusal | null) => void)[] = [];
  readonly #answers: ((refusal: Refusal | null) => void)[] = [];
  #data: ((refusal: Refusal | null) => void) | null = null;
  #delivered: ((outcomes: readonly Delivery[]) => void) | null = null;
  #drained: (() => void) | null = null;

  /**
   * @param stream that has just been connected
   * @param secure for STARTTLS
   * @param hurry lets the server know at once what has come
   */
  constructor(
    public stream: Stream,
    config: ClientConfig,
    readonly secure: Secure,
    readonly hurry: () => void = () => {},
    readonly clock: Ticker = ticker,
  ) {
    this.session = new ClientSession(config);
    stream.readBytes = readBytes;
    clock.add(this);
    stream.open(this);
    this.#wait();
  }

  get capabilities(): Capabilities {
    return this.session.capabilities;
  }

  /** Resolves when a message may begin; to why not, if it never may. */
  ready(): Promise<Refusal | null> {
    if (this.lost) return Promise.resolve(this.lost);
    if (this.session.isReady) return Promise.resolve(null);
    return new Promise((resolve) => this.#ready.push(resolve));
  }

  begin(beginning: Beginning): void {
    this.#do(this.session.begin(beginning));
  }

  /** Answers come in the order of the questions. */
  recipient(address: string): Promise<Refusal | null> {
    if (this.lost) return Promise.resolve(this.lost);
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#do(this.session.recipient(address));
    });
  }

  /** Null when the text may be sent. */
  data(): Promise<Refusal | null> {
    if (this.lost) return Promise.resolve(this.lost);
    return new Promise((resolve) => {
      this.#data = resolve;
      this.#do(this.session.data());
    });
  }

  /** Sends text. A promise means: wait before more is sent. */
  write(bytes: Bytes): void | Promise<void> {
    if (this.lost) return;
    this.stream.write(bytes);
    if (this.stream.unsent === 0) return;
    this.#until = this.clock.after(stepSeconds.text);
    return new Promise((resolve) => this.#drained = resolve);
  }

  /** Sends the end of the text; what became of the message. */
  finish(bytes: Bytes): Promise<readonly Delivery[]> {
    if (this.lost) return Promise.resolve([this.lost]);
    return new Promise((resolve) => {
      this.#delivered = resolve;
      // Before it is sent: the answer may be there at once.
      this.#do(this.session.textEnds());
      this.stream.write(bytes);
    });
  }

  /** Forgets a message that has no text yet. */
  reset(): void {
    for (const resolve of this.#answers.splice(0)) resolve(left);
    this.#data?.(left);
    this.#data = null;
    this.#do(this.session.reset());
  }

  /** Ends it. A text that has no end yet is no message. */
  close(): void {
    if (this.lost) return;
    this.#do(this.session.quit());
    this.#lose(later("4.4.2", "the connection was closed"));
  }

  received(bytes: Bytes): void {
    const { heard } = this.session;
    const actions = this.session.ingest(bytes);
    // A reply that comes byte by byte has no more time than one that does not.
    if (this.session.heard > heard || actions.length > 0) this.#do(actions);
    // It may have more to say, and wait with that (Nagle's algorithm).
    if (!this.lost && this.session.patienceSeconds > 0) this.hurry();
  }

  ended(): void {
    this.#do(this.session.ended());
  }

  drained(): void {
    this.#wait();
    this.#drained?.();
    this.#drained = null;
  }

  tick(now: number): void {
    // The handshake has a time of its own.
    if (now >= this.#until && !this.#isShakingHands) {
      this.#do(this.session.late());
    }
  }

  /** From now on the next hop has its time for what it does. */
  #wait(): void {
    const { patienceSeconds } = this.session;
    this.#until = patienceSeconds === 0
      ? never
      : this.clock.after(patienceSeconds);
  }

  #do(actions: readonly ClientAction[]): void {
    for (const action of actions) {
      switch (action.type) {
        case "send":
          this.stream.write(toBytes(action.text));
          break;
        case "startTls":
          this.#encrypt();
          break;
        case "ready":
          this.hasTlsFailed = false;
          for (const resolve of this.#ready.splice(0)) resolve(null);
          break;
        case "answered":
          this.#answers.shift()?.(action.refusal);
          break;
        case "goAhead":
          this.#data?.(null);
          this.#data = null;
          break;
        case "refused":
          this.#data?.(action.refusal);
          this.#data = null;
          break;
        case "delivered":
          this.#delivered?.(action.outcomes);
          this.#delivered = null;
          break;
        case "lost":
          this.#lose(action.refusal);
          break;
      }
    }
    if (!this.lost) this.#wait();
  }

  async #encrypt(): Promise<void> {
    this.#isShakingHands = true;
    this.hasTlsFailed = true; // until something has come by it
    try {
      this.stream = await this.secure(this.stream);
    } catch (error) {
      const why = (error as Error).message;
      this.#do(this.session.fail(later("4.7.5", `TLS failed: ${why}`)));
      return;
    }
    this.#isShakingHands = false;
    if (this.lost) return this.stream.close();
    this.stream.readBytes = readBytes;
    this.stream.open(this);
    this.#do(this.session.encrypted());
  }

  #lose(refusal: Refusal): void {
    if (this.lost) return;
    this.lost = refusal;
    this.forget();
    this.clock.remove(this);
    this.stream.close();
    for (const resolve of this.#ready.splice(0)) resolve(refusal);
    for (const resolve of this.#answers.splice(0)) resolve(refusal);
    this.#data?.(refusal);
    this.#delivered?.([refusal]);
    this.#drained?.();
    this.onLost();
  }
}

const left = later("4.4.2", "the client left");
