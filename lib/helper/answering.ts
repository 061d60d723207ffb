/**
 * A helper's own side: it is sent one thing at a time, works on it until
 * nothing is left to do but to wait, and says so. Its parent thus always knows
 * for whose question it works.
 *
 * @module
 */
import { allowProcessor, isShortOfMemory } from "../sys/restraint.ts";
import { Channel } from "./channel.ts";
import {
  ANSWER,
  ASK,
  CALL,
  FAIL,
  type Frame,
  HURRY,
  IDLE,
  Nonsense,
  REPLY,
} from "./frames.ts";
import type { Answerer } from "./question.ts";

const nothing = new Uint8Array(new ArrayBuffer(0));
/** Of our own parent's frames: a piece of a message, or an answer of DNS. */
const mostBytes = 1 << 20;
/**
 * How often a question has to be found waiting before it does: promises come
 * first, and what a stream does later is done by then.
 */
const looks = 2;

/** What older runtimes take 1 ms for by setImmediate. */
function runtimeTurns(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  let over = () => {};
  port1.onmessage = () => over();
  return () =>
    new Promise((resolve) => {
      over = resolve;
      port2.postMessage(null);
    });
}

const turnOfRuntime = runtimeTurns();

export class Answering {
  readonly #open = new Map<number, OpenQuestion>();
  readonly #frames: Frame[] = [];
  #working = false;
  /** In this step. */
  #hasAnswered = false;
  readonly #channel: Channel;

  /**
   * @param stepMs of the processor that one step may use; then the kernel
   * ends this process
   * @param ended is called when the parent has gone, or this helper should
   */
  constructor(
    fd: number,
    readonly answerer: Answerer,
    readonly stepMs: number,
    readonly ended: () => void,
  ) {
    this.#channel = new Channel(fd, mostBytes, {
      heard: (frame) => {
        this.#frames.push(frame);
        if (!this.#working) this.#work();
      },
      lost: ended,
    });
    this.#say(IDLE, 0, 0, nothing); // ready
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let frame; (frame = this.#frames.shift()) !== undefined;) {
      allowProcessor(this.stepMs);
      await this.#step(frame);
      // Whoever took so much leaves nothing to others: a new one has it all.
      if (this.#hasAnswered && isShortOfMemory()) return this.ended();
      this.#hasAnswered = false;
      allowProcessor(0);
      this.#say(IDLE, 0, 0, nothing);
    }
    this.#working = false;
  }

  async #step({ kind, question: id, call, bytes }: Frame): Promise<void> {
    if (kind === ASK) this.#open.set(id, this.#begin(id, bytes));
    const question = this.#open.get(id);
    if (question === undefined) return; // it was answered meanwhile
    if (kind === REPLY) question.take(call, bytes);
    if (kind === HURRY) question.hurry();
    for (let found = 0; found < looks;) {
      await turnOfRuntime();
      found = question.waits ? found + 1 : 0;
    }
  }

  #begin(id: number, bytes: Uint8Array<ArrayBuffer>): OpenQuestion {
    const question = new OpenQuestion((call, wanted) =>
      this.#say(CALL, id, call, wanted)
    );
    const call = (wanted: Uint8Array<ArrayBuffer>) => question.call(wanted);
    const settle = (kind: number, bytes: Uint8Array<ArrayBuffer>) => {
      this.#open.delete(id);
      question.isOver = true;
      this.#hasAnswered = true;
      this.#say(kind, id, 0, bytes);
    };
    this.answerer(bytes, call, question.signal).then(
      (answer) => settle(ANSWER, answer),
      (error) => settle(FAIL, new TextEncoder().encode(String(error))),
    );
    return question;
  }

  #say(
    kind: number,
    question: number,
    call: number,
    bytes: Uint8Array<ArrayBuffer>,
  ): void {
    this.#channel.send({ kind, question, call, bytes });
  }
}

interface Waiting {
  resolve(bytes: Uint8Array<ArrayBuffer>): void;
  reject(error: Error): void;
}

class OpenQuestion {
  isOver = false;
  readonly #calls = new Map<number, Waiting>();
  #lastCall = 0;
  readonly #stop = new AbortController();

  constructor(
    readonly say: (call: number, wanted: Uint8Array<ArrayBuffer>) => void,
  ) {}

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Nothing of it goes on before something comes from outside. */
  get waits(): boolean {
    return this.isOver || this.#calls.size > 0;
  }

  call(wanted: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    if (this.signal.aborted) return Promise.reject(tooLate());
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall;
      this.#calls.set(call, { resolve, reject });
      this.say(call, wanted);
    });
  }

  take(call: number, bytes: Uint8Array<ArrayBuffer>): void {
    const waiting = this.#calls.get(call);
    if (waiting === undefined) {
      if (this.signal.aborted) return;
      throw new Nonsense("a reply to no call");
    }
    this.#calls.delete(call);
    waiting.resolve(bytes);
  }

  hurry(): void {
    this.#stop.abort();
    for (const { reject } of this.#calls.values()) reject(tooLate());
    this.#calls.clear();
  }
}

const tooLate = () => new Error("the time is over");
