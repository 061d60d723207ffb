/**
 * The server's side of an SMTP session: bytes in, actions out. It never
 * reads, writes or waits, so a whole protocol can be tried without a socket.
 *
 * @module
 */
import type {
  Answer,
  Delivery,
  LoginAnswer,
  Refusal,
} from "../mail/answers.ts";
import type { Action } from "./actions.ts";
import { CommandLines, cutBlanks, type Line } from "../mail/command_lines.ts";
import type { SessionConfig } from "./config.ts";
import { commands, Conversation, type Waiting } from "./conversation.ts";
import {
  beginText,
  leaveFaulty,
  protocolOf,
  readChunk,
  readDoomed,
  readText,
} from "./text.ts";
import { loginStep, obey, settleLogin } from "./verbs.ts";

export type { SessionConfig, Waiting };

const nothing = new Uint8Array(0);

export class Session {
  readonly #c: Conversation;
  readonly #lines: CommandLines;
  /** Input that came before the driver's word, which has to come first. */
  #unread: Uint8Array = nothing;

  constructor(config: SessionConfig) {
    this.#c = new Conversation(config);
    this.#lines = new CommandLines(this.#c.limits.commandLineBytes);
  }

  /**
   * Whether a command line has begun that has not ended yet. Never in classic
   * mode: qmail-smtpd's patience begins anew with each byte.
   */
  get inLine(): boolean {
    return this.#lines.hasBegun && !this.#c.config.classic;
  }

  get waiting(): Waiting {
    return this.#c.waiting;
  }

  /** Whether it is qmail-smtpd's. */
  get isClassic(): boolean {
    return this.#c.config.classic;
  }

  /** Whether what comes next is the text of a message, taken or not. */
  get inText(): boolean {
    const { type } = this.#c.phase;
    return type === "text" || type === "doomed" || type === "chunk" ||
      type === "skip";
  }

  /** Whether all that is due yet is the end of a text that is refused. */
  get isDoomed(): boolean {
    return this.#c.phase.type === "doomed";
  }

  /** What it is called in logs. */
  get name(): string {
    return this.#c.config.name ?? "";
  }

  /** What its last message is called. */
  get messageId(): string {
    return this.#c.messageId ?? "";
  }

  /** What HELO or EHLO said, and who has logged in; byte strings. */
  get helo(): string | null {
    return this.#c.helo;
  }

  get user(): string | null {
    return this.#c.login.user;
  }

  /** Whom the last attempt to log in was for, and by which mechanism. */
  get attempt(): { readonly user: string; readonly mechanism: string } {
    const { attempted, mechanism } = this.#c.login;
    return { user: attempted, mechanism };
  }

  /** As in a Received field. */
  get protocol(): string {
    return protocolOf(this.#c, this.#c.transaction);
  }

  /** Whether a transaction has begun. */
  get hasSender(): boolean {
    return this.#c.transaction !== null;
  }

  /** Greets. */
  start(): Action[] {
    const c = this.#c;
    c.reply(c.say.greeting(c.config.greeting));
    return c.out.take();
  }

  /**
   * Whether bytes that were ingested have not been read yet, although the
   * session waits for no word of the driver's: {@linkcode proceed} reads them.
   */
  get hasUnread(): boolean {
    return this.#unread.length > 0 && this.#c.waiting === "input";
  }

  /**
   * Reads bytes from the client; none of them is kept as it is. Only while
   * the session waits for input and has nothing unread, and when its replies
   * have been sent.
   */
  ingest(bytes: Uint8Array): Action[] {
    this.#c.out.sent();
    const at = this.#read(bytes);
    // The caller will use its buffer again.
    if (at < bytes.length) this.#unread = bytes.slice(at);
    return this.#c.out.take();
  }

  /**
   * Reads on, when the replies to what came before have been sent: a peer that
   * pipelines commands gets the answers in pieces.
   */
  proceed(): Action[] {
    this.#c.out.sent();
    this.#readOn();
    return this.#c.out.take();
  }

  /** The driver's word after the action `ask`. */
  answered(answer: Answer): Action[] {
    const c = this.#c;
    return this.#hear("answered", () => {
      if (answer.type === "accept") {
        c.transaction!.recipients.add(c.asked);
        c.reply(c.say.recipientOk);
        return;
      }
      const reply = c.say.refusal(answer);
      c.tellRecipient(c.asked, reply, answer.by ?? "policy");
      // No room for more of them says nothing of whom there is, as a guess wants.
      const isForRoom = answer.code === 452 &&
        !c.transaction!.recipients.isOneTooMany();
      if (answer.code === 421) c.hangUp(reply);
      else if (isForRoom) c.reply(reply);
      else c.refuseRecipient(reply);
    });
  }

  /** The driver's word after the actions `authenticate` and `passOn`. */
  authenticated(answer: LoginAnswer): Action[] {
    return this.#hear("authenticated", () => settleLogin(this.#c, answer));
  }

  /**
   * The driver's word after the action `startTls`. What was said in the clear,
   * by whomever, is forgotten (RFC 3207 4.2).
   */
  encrypted(): Action[] {
    const c = this.#c;
    return this.#hear("encrypted", () => {
      c.encrypted = true;
      c.helo = c.helloVerb = null;
    });
  }

  /** The driver's word after the action `open`. */
  opened(result: { readonly type: "opened" } | Refusal): Action[] {
    return this.#hear("opened", () => beginText(this.#c, result));
  }

  /** The driver's word after the action `commit`. */
  committed(delivery: Delivery): Action[] {
    const c = this.#c;
    return this.#hear("committed", () => {
      if (delivery.type === "stored") {
        c.errors = c.refusedRecipients = c.harmless = 0;
        const { classic, now } = c.config;
        const id = classic ? delivery.id : c.messageId ?? delivery.id;
        c.reply(c.say.stored(id, now()));
      } else if (delivery.code === 421) c.hangUp(c.say.refusal(delivery));
      else c.reply(c.say.refusal(delivery));
    });
  }

  /** The client was silent, slow or here for too long. */
  timeout(): Action[] {
    const c = this.#c;
    if (c.waiting === "closed") return [];
    // The next attempt would fare no better.
    if (c.phase.type === "doomed") leaveFaulty(c, c.phase.text.reply);
    else c.hangUp(c.say.timeout);
    return c.out.take();
  }

  /** The server is to end: the client may try again elsewhere, or later. */
  shutDown(): Action[] {
    this.#c.hangUp(this.#c.say.shutDown);
    return this.#c.out.take();
  }

  /** The client hung up. */
  end(): Action[] {
    this.#c.hangUp("");
    return this.#c.out.take();
  }

  /** Acts on a word of the driver's, if it is the one that is waited for. */
  #hear(word: Waiting, act: () => void): Action[] {
    const c = this.#c;
    if (c.waiting !== word) return [];
    c.waiting = "input";
    act();
    this.#readOn();
    return c.out.take();
  }

  #readOn(): void {
    const unread = this.#unread;
    this.#unread = nothing;
    const at = this.#read(unread);
    if (at < unread.length) this.#unread = unread.subarray(at);
  }

  /** Reads until the input ends, the session has to wait, or has said much. */
  #read(input: Uint8Array): number {
    const c = this.#c;
    let at = 0;
    while (at < input.length && c.waiting === "input" && !c.out.isFull) {
      at = this.#readPhase(input, at);
    }
    // Nothing from before a handshake is read after it.
    const deaf = c.waiting === "closed" || c.waiting === "encrypted";
    return deaf ? input.length : at;
  }

  #readPhase(input: Uint8Array, from: number): number {
    const c = this.#c;
    const { phase } = c;
    switch (phase.type) {
      case "text":
        return readText(c, phase.message, input, from);
      case "doomed":
        return readDoomed(c, phase.text, input, from);
      case "chunk":
        return readChunk(c, phase, input, from);
      case "skip": {
        const to = Math.min(input.length, from + phase.left);
        c.skip(phase.left - (to - from), phase.reply);
        return to;
      }
      case "commands":
      case "login": {
        const head = this.#lines.headOfLong(input, from);
        const isLogin = head !== null && this.#isLogin(head);
        const { commandLineBytes, loginLineBytes } = c.limits;
        const { line, at } = this.#lines.read(
          input,
          from,
          isLogin
            ? Math.max(commandLineBytes, loginLineBytes)
            : commandLineBytes,
        );
        if (line) this.#line(line, isLogin);
        return at;
      }
    }
  }

  /** Whether a line that begins like that belongs to a log-in. */
  #isLogin(head: string): boolean {
    const { phase, offers } = this.#c;
    return phase.type === "login" || (offers.auth && /^AUTH /i.test(head));
  }

  /** @param isLogin whether it is the longer for a log-in's sake */
  #line(line: Line, isLogin: boolean): void {
    const c = this.#c;
    const { classic } = c.config;
    const { say } = c;
    if (line.type === "tooLong") {
      const reply = isLogin ? say.loginLineTooLong : say.lineTooLong;
      return c.hangUp(classic ? say.outOfMemory : reply);
    }
    // What qmail-smtpd reads is a C string.
    if (classic) return obey(c, line.text.split("\0", 1)[0]);
    if (line.ending === "lf") return c.hangUp(say.bareLfCommand);
    if (c.phase.type === "login") {
      c.phase = commands;
      return loginStep(c, c.login.respond(line.text));
    }
    const text = cutBlanks(line.text);
    if (/[^ -~\x80-\xff]/.test(text)) return c.refuse(say.controlByte);
    obey(c, text);
  }
}
