/**
 * A message while its text comes in: whether it will be taken is known before
 * its end, and said only there.
 *
 * @module
 */
import type { Framer } from "./framer.ts";
import type { Limits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Replies } from "./replies.ts";

export type Outcome =
  | { readonly type: "unfinished" }
  /** All of it was handed on; `commit` is due. */
  | { readonly type: "whole" }
  /** Its end has come, and this is the answer. */
  | { readonly type: "refused"; readonly reply: string }
  /** It holds what no message may hold. */
  | { readonly type: "faulty"; readonly reply: string };

export interface MessageRules {
  /** Bytes of text, line ends counted as one; 0 for no limit. */
  readonly databytes: number;
  readonly limits: Limits;
  readonly say: Replies;
}

export class IncomingMessage {
  readonly #rules: MessageRules;
  readonly #framer: Framer;
  readonly #out: Outbox;
  /** The answer if the message is refused at its end. */
  #refusal: string | null = null;

  /**
   * @param framer has the trace lines before the text
   * @param out takes what is to be done with it
   */
  constructor(framer: Framer, rules: MessageRules, out: Outbox) {
    this.#framer = framer;
    this.#rules = rules;
    this.#out = out;
  }

  /** Why it will not be taken, if that is known already. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** Reads input from `at` on; the first index that was not read. */
  read(input: Uint8Array, at: number): { at: number; outcome: Outcome } {
    const next = this.#framer.feed(input, at);
    return { at: next, outcome: this.#outcome() };
  }

  /** For text whose end is told, not framed. */
  finish(): Outcome {
    this.#framer.finish();
    return this.#outcome();
  }

  #outcome(): Outcome {
    const framer = this.#framer;
    if (framer.fault) {
      this.abandon();
      return { type: "faulty", reply: this.#rules.say[framer.fault] };
    }
    const refusal = this.#judge(framer);
    if (refusal === null) {
      const bytes = framer.take();
      if (bytes) this.#out.act({ type: "append", bytes });
      return { type: framer.ended ? "whole" : "unfinished" };
    }
    this.abandon();
    this.#refusal = refusal;
    framer.discard();
    if (!framer.ended) return { type: "unfinished" };
    return { type: "refused", reply: refusal };
  }

  /** qmail-smtpd's order: a loop is worse than a size. */
  #judge({ hops, textBytes, hasLongLine }: Framer): string | null {
    const { databytes, limits, say } = this.#rules;
    if (hops >= limits.hops) return say.looping;
    if (databytes > 0 && textBytes > databytes) return say.tooBig;
    return hasLongLine ? say.textLineTooLong : null;
  }

  /** Has what was handed on forgotten, if that was not done before. */
  abandon(): void {
    if (this.#refusal === null) this.#out.act({ type: "abandon" });
    this.#refusal ??= "";
  }
}
