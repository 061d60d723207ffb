/**
 * A question on its way to an answer.
 *
 * @module
 */
import { clientKey } from "../base/ip.ts";
import { ASK, type Frame, HURRY, Nonsense, REPLY } from "./frames.ts";
import type { Call, Question } from "./question.ts";
import { isIP } from "node:net";

/** What a helper may want at once: SPF has some ten addresses looked up. */
const mostCalls = 64;

/** Who counts as one: see clientKey; one without an address is himself. */
export const clientOf = (address: string): string =>
  isIP(address) === 0 ? address : clientKey(address);

export class Asked {
  /** Who counts as one. */
  readonly client: string;
  /** What the helper is to be sent, in this order. */
  #unsent: Omit<Frame, "question">[] = [];
  /** Null until it has been sent. */
  #attempt: Call | null = null;
  /** How often it has been sent. */
  attempts = 0;
  /** Somebody waits for the answer. */
  isOpen = true;
  /** The helper works on it, for us or in vain. */
  isBegun = false;
  #calls = 0;

  constructor(
    readonly number: number,
    readonly question: Question<unknown>,
    readonly settled: (answer: unknown) => void,
  ) {
    this.client = clientOf(question.client);
  }

  get hasUnsent(): boolean {
    return this.#unsent.length > 0 || (this.isOpen && !this.isBegun);
  }

  /** What is to be sent next. */
  next(): Frame {
    if (!this.isBegun) {
      this.isBegun = true;
      this.attempts++;
      this.#attempt = this.question.attempt();
      const { bytes } = this.question;
      return { kind: ASK, question: this.number, call: 0, bytes };
    }
    return { ...this.#unsent.shift()!, question: this.number };
  }

  /** To be sent anew, to another helper. */
  reset(): void {
    this.isBegun = false;
    this.#unsent = [];
    this.#attempt = null;
    this.#calls = 0;
  }

  hurry(): void {
    this.#unsent = [{ kind: HURRY, call: 0, bytes: new Uint8Array(0) }];
  }

  /**
   * Answers a call of the helper's.
   *
   * @param changed is called when there is more to send
   * @param broken is called when the call is nonsense
   * @throws Nonsense
   */
  call(
    call: number,
    wanted: Uint8Array<ArrayBuffer>,
    changed: () => void,
    broken: (error: unknown) => void,
  ): void {
    if (++this.#calls > mostCalls) throw new Nonsense("too many calls");
    const attempt = this.#attempt!;
    attempt(wanted).then((bytes) => {
      if (this.#attempt !== attempt) return; // asked anew meanwhile
      this.#calls--;
      if (!this.isOpen) return;
      this.#unsent.push({ kind: REPLY, call, bytes });
      changed();
    }, (error) => {
      if (this.#attempt === attempt) broken(error);
    });
  }

  /** Null if there will be no answer. */
  settle(answer: unknown): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.settled(answer);
  }
}
