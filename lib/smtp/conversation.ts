/**
 * Where a session stands, and the few things that any of its parts may do to
 * it: reply, refuse, skip, hang up.
 *
 * @module
 */
import type { Told } from "./actions.ts";
import { noOffers, type Offers } from "./commands.ts";
import type { SessionConfig } from "./config.ts";
import { EnvelopeReader } from "./envelope.ts";
import { classicLimits, defaultLimits, type Limits } from "./limits.ts";
import { LoginDialogue } from "./login.ts";
import type { DoomedText } from "./doomed_text.ts";
import type { IncomingMessage } from "./message.ts";
import { Outbox } from "./outbox.ts";
import { classicReplies, defaultReplies, type Replies } from "./replies.ts";
import type { Transaction } from "./transaction.ts";

/** What the session waits for: more input, or the driver's word. */
export type Waiting =
  | "input"
  | "answered"
  | "authenticated"
  | "encrypted"
  | "opened"
  | "committed"
  | "closed";

/** What the next input is. */
export type Phase =
  | { readonly type: "commands" }
  | { readonly type: "text"; readonly message: IncomingMessage }
  /** It is refused already, and has not ended yet. */
  | { readonly type: "doomed"; readonly text: DoomedText }
  | Chunk
  /** A chunk that is not taken, and what is said after it. */
  | { readonly type: "skip"; left: number; readonly reply: string }
  /** A response to a challenge of AUTH. */
  | { readonly type: "login" };

/** A part of a message whose size was told (BDAT). */
export interface Chunk {
  readonly type: "chunk";
  readonly sizeBytes: number;
  left: number;
  readonly last: boolean;
}

/**
 * Harmless commands that are taken beyond their limit: few enough to cost
 * nobody anything, and no program that looks whether we live says more.
 */
const harmlessPerSecond = 200;

export const commands: Phase = { type: "commands" };

export class Conversation {
  readonly limits: Limits;
  readonly offers: Offers;
  readonly say: Replies;
  readonly envelopes: EnvelopeReader;
  readonly login: LoginDialogue;
  readonly out = new Outbox();
  waiting: Waiting = "input";
  phase: Phase = commands;
  encrypted: boolean;
  /** What HELO or EHLO said, and which of them it was. */
  helo: string | null = null;
  helloVerb: "HELO" | "EHLO" | null = null;
  transaction: Transaction | null = null;
  /** The recipient that `ask` is about. */
  asked = "";
  /** Transactions so far. */
  messages = 0;
  /** Commands since the last message: those refused, */
  errors = 0;
  /** recipients refused, which an honest list may have many of, */
  refusedRecipients = 0;
  /** and those that were harmless, but brought no message nearer. */
  harmless = 0;
  /** When the first of those came, milliseconds since 1970. */
  #harmlessSince = 0;

  constructor(readonly config: SessionConfig) {
    const { classic } = config;
    const limits = classic ? classicLimits : defaultLimits;
    this.limits = config.limits ? { ...limits, ...config.limits } : limits;
    this.offers = classic ? noOffers : config.offers ?? noOffers;
    this.say = classic ? classicReplies : defaultReplies;
    const { offers, say } = this;
    this.envelopes = new EnvelopeReader(config, this.limits, offers, say);
    this.encrypted = config.connection.encrypted;
    this.login = new LoginDialogue(this.limits, say, config.mechanisms);
  }

  reply(text: string): void {
    this.out.reply(text);
  }

  /** What the message of the last transaction is called; null if nothing. */
  get messageId(): string | null {
    const { name } = this.config;
    return name === undefined ? null : `${name}-${this.messages.toString(36)}`;
  }

  /** Lets it be known that something is refused. */
  tell(told: Told): void {
    this.out.act({ type: "tell", told });
  }

  /** The same, of a recipient. */
  tellRecipient(recipient: string, reply: string, by: string): void {
    const sender = this.transaction?.sender ?? "";
    this.tell({ about: "recipient", sender, recipient, reply, by });
  }

  /** Says why a command is refused; and ends it when that was said too often. */
  refuse(reply: string): void {
    if (++this.errors < this.limits.errors) this.reply(reply);
    else this.hangUp(this.say.tooManyErrors);
  }

  /**
   * Says why a recipient is refused. That ends no session, for the others would
   * be refused with it; but who goes on guessing has to wait.
   */
  refuseRecipient(reply: string): void {
    const { refusedRecipients } = this.limits;
    if (++this.refusedRecipients > refusedRecipients) {
      this.out.act({ type: "pause" });
    }
    this.reply(reply);
  }

  /** Whether so many were refused that no more are asked about. */
  get hasRefusedTooMany(): boolean {
    return this.refusedRecipients >= 10 * this.limits.refusedRecipients;
  }

  /** Answers a harmless command; and ends it when there were too many. */
  humour(reply: string): void {
    if (++this.harmless === 1) this.#harmlessSince = +this.config.now();
    if (this.harmless <= this.#harmlessLimit) this.reply(reply);
    else this.hangUp(this.say.tooManyHarmless);
  }

  /** Who asks now and then may do so for as long as he is here. */
  get #harmlessLimit(): number {
    const { harmlessCommands } = this.limits;
    if (this.harmless <= harmlessCommands) return harmlessCommands;
    const ms = Math.max(0, +this.config.now() - this.#harmlessSince);
    return harmlessCommands + ms * harmlessPerSecond / 1000;
  }

  /** Reads past what is left of a chunk, then says why it is refused. */
  skip(left: number, reply: string): void {
    if (left > 0) this.phase = { type: "skip", left, reply };
    else {
      this.phase = commands;
      this.refuse(reply);
    }
  }

  endTransaction(): void {
    this.transaction?.chunks?.abandon();
    this.transaction = null;
  }

  /** Leaves without a message, and with a last reply or none. */
  hangUp(reply: string): void {
    if (this.waiting === "closed") return;
    if (this.phase.type === "text") this.phase.message.abandon();
    this.endTransaction();
    this.reply(reply);
    this.close(1);
  }

  close(exitCode: 0 | 1): void {
    this.out.act({ type: "close", exitCode });
    this.waiting = "closed";
  }
}
