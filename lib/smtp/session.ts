/**
 * The server's side of an SMTP session: bytes in, actions out. It never
 * reads, writes or waits, so a whole protocol can be tried without a socket.
 *
 * @module
 */
import type { Action, Delivery, Refusal } from "./actions.ts";
import {
  CommandLines,
  cutBlanks,
  httpVerbs,
  type Line,
  parseCommand,
  unimplementedVerbs,
} from "./commands.ts";
import type { SessionConfig } from "./config.ts";
import { EnvelopeReader } from "./envelope.ts";
import { classicLimits, defaultLimits, type Limits } from "./limits.ts";
import { IncomingMessage } from "./message.ts";
import { Outbox } from "./outbox.ts";
import { received } from "./received.ts";
import { classicReplies, defaultReplies, type Replies } from "./replies.ts";

export type { SessionConfig };

/** What the session waits for: more input, or the driver's word. */
export type Waiting = "input" | "opened" | "committed" | "closed";

/** A mail transaction (RFC 5321 3.3) between MAIL and DATA. */
interface Transaction {
  readonly sender: string;
  readonly refused: boolean;
  readonly recipients: string[];
}

const nothing = new Uint8Array(0);

export class Session {
  readonly #config: SessionConfig;
  readonly #limits: Limits;
  readonly #say: Replies;
  readonly #lines: CommandLines;
  readonly #envelopes: EnvelopeReader;
  #waiting: Waiting = "input";
  /** Input that came before the driver's word, which has to come first. */
  #unread: Uint8Array = nothing;
  #helo: string | null = null;
  #protocol: "SMTP" | "ESMTP" = "SMTP";
  #transaction: Transaction | null = null;
  /** Not null while message text is read. */
  #message: IncomingMessage | null = null;
  #errors = 0;
  readonly #out = new Outbox();

  constructor(config: SessionConfig) {
    const limits = config.classic ? classicLimits : defaultLimits;
    this.#config = config;
    this.#limits = config.limits ? { ...limits, ...config.limits } : limits;
    this.#say = config.classic ? classicReplies : defaultReplies;
    this.#lines = new CommandLines(this.#limits.commandLineBytes);
    this.#envelopes = new EnvelopeReader(config, this.#limits, this.#say);
  }

  get waiting(): Waiting {
    return this.#waiting;
  }

  /** Greets. */
  start(): Action[] {
    this.#out.reply(this.#say.greeting(this.#config.greeting));
    return this.#out.take();
  }

  /**
   * Reads bytes from the client; none of them is kept as it is. Only while
   * the session waits for input.
   */
  ingest(bytes: Uint8Array): Action[] {
    const at = this.#read(bytes);
    // The caller will use its buffer again.
    if (at < bytes.length) this.#unread = bytes.slice(at);
    return this.#out.take();
  }

  /** The driver's word after the action `open`. */
  opened(result: { readonly type: "opened" } | Refusal): Action[] {
    if (this.#waiting !== "opened") return [];
    this.#waiting = "input";
    if (result.type === "opened") {
      const { classic, databytes } = this.#config;
      this.#message = new IncomingMessage(this.#trace(), {
        classic,
        databytes,
        limits: this.#limits,
        say: this.#say,
      }, this.#out);
      this.#out.reply(this.#say.goAhead);
    } else this.#out.reply(this.#say.refusal(result));
    return this.#continue();
  }

  /** The driver's word after the action `commit`. */
  committed(delivery: Delivery): Action[] {
    if (this.#waiting !== "committed") return [];
    this.#waiting = "input";
    if (delivery.type === "stored") {
      this.#errors = 0;
      this.#out.reply(this.#say.stored(delivery.id, this.#config.now()));
    } else this.#out.reply(this.#say.refusal(delivery));
    return this.#continue();
  }

  /** The client was silent for too long. */
  timeout(): Action[] {
    this.#hangUp(this.#say.timeout);
    return this.#out.take();
  }

  /** The client hung up. */
  end(): Action[] {
    this.#hangUp("");
    return this.#out.take();
  }

  #continue(): Action[] {
    const unread = this.#unread;
    this.#unread = nothing;
    const at = this.#read(unread);
    if (at < unread.length) this.#unread = unread.subarray(at);
    return this.#out.take();
  }

  /** Reads until the input ends or the session has to wait. */
  #read(input: Uint8Array): number {
    let at = 0;
    while (at < input.length && this.#waiting === "input") {
      if (this.#message) at = this.#readText(this.#message, input, at);
      else {
        const { line, at: next } = this.#lines.read(input, at);
        at = next;
        if (line) this.#command(line);
      }
    }
    return this.#waiting === "closed" ? input.length : at;
  }

  #readText(message: IncomingMessage, input: Uint8Array, from: number): number {
    const { at, outcome } = message.read(input, from);
    if (outcome.type === "unfinished") return at;
    this.#message = null;
    switch (outcome.type) {
      case "whole":
        this.#out.act({ type: "commit" });
        this.#waiting = "committed";
        break;
      case "refused":
        this.#out.reply(outcome.reply);
        break;
      case "cutOff":
        this.#hangUp(outcome.reply);
        break;
    }
    return at;
  }

  #command(line: Line): void {
    const { classic } = this.#config;
    const say = this.#say;
    if (line.type === "tooLong") {
      this.#hangUp(classic ? say.outOfMemory : say.lineTooLong);
      return;
    }
    // What qmail-smtpd reads is a C string.
    if (classic) return this.#obey(line.text.split("\0", 1)[0]);
    if (line.ending === "lf") {
      this.#hangUp(say.bareLfCommand);
      return;
    }
    if (/[^ -~\x80-\xff]/.test(line.text)) return this.#refuse(say.controlByte);
    this.#obey(cutBlanks(line.text));
  }

  #obey(line: string): void {
    const { classic, greeting } = this.#config;
    const say = this.#say;
    const { verb, argument } = parseCommand(line);
    switch (verb) {
      case "RCPT":
        return this.#rcpt(argument);
      case "MAIL":
        return this.#mail(argument);
      case "DATA":
        return this.#data(argument);
      case "QUIT":
        this.#out.reply(say.quit(greeting));
        return this.#close(0);
      case "HELO":
      case "EHLO":
        return this.#hello(verb, argument);
      case "RSET":
        if (!classic && argument) return this.#refuse(say.badArgument);
        this.#transaction = null;
        this.#out.reply(say.flushed);
        return;
      case "HELP":
        this.#out.reply(say.help);
        return;
      case "NOOP":
        this.#out.reply(say.noop);
        return;
      case "VRFY":
        this.#out.reply(say.vrfy);
        return;
      default:
        if (classic) this.#out.reply(say.unimplemented);
        else if (httpVerbs.has(verb)) this.#hangUp(say.notHttp);
        // What follows may be its text, sent without waiting (RFC 3030 2).
        else if (verb === "BDAT") this.#hangUp(say.unimplemented);
        else if (unimplementedVerbs.has(verb)) this.#refuse(say.unimplemented);
        else this.#refuse(say.unrecognized);
    }
  }

  #hello(verb: "HELO" | "EHLO", argument: string): void {
    const { classic, greeting, databytes } = this.#config;
    if (!classic && !argument) return this.#refuse(this.#say.badArgument);
    this.#transaction = null;
    this.#helo = argument;
    this.#protocol = verb === "EHLO" && !classic ? "ESMTP" : "SMTP";
    this.#out.reply(
      verb === "EHLO"
        ? this.#say.ehlo(greeting, databytes)
        : this.#say.helo(greeting),
    );
  }

  #mail(argument: string): void {
    const { classic } = this.#config;
    if (this.#transaction && !classic) {
      return this.#refuse(this.#say.nestedMail);
    }
    const read = this.#envelopes.sender(argument);
    if (read.type === "refused") return this.#refuse(read.reply);
    const sender = read.address;
    const refused = this.#config.refusesSender(sender);
    this.#transaction = { sender, refused, recipients: [] };
    this.#out.reply(this.#say.senderOk);
  }

  #rcpt(argument: string): void {
    const say = this.#say;
    const transaction = this.#transaction;
    if (!transaction) return this.#refuse(say.wantMail);
    const read = this.#envelopes.recipient(argument, transaction.refused);
    if (read.type === "refused") return this.#refuse(read.reply);
    if (transaction.recipients.length < this.#limits.recipients) {
      transaction.recipients.push(read.address);
      this.#out.reply(say.recipientOk);
    } else if (this.#config.classic) this.#hangUp(say.outOfMemory);
    else this.#out.reply(say.tooManyRecipients);
  }

  #data(argument: string): void {
    const say = this.#say;
    const transaction = this.#transaction;
    if (!this.#config.classic && argument) return this.#refuse(say.badArgument);
    if (!transaction) return this.#refuse(say.wantMail);
    const { sender, recipients } = transaction;
    if (recipients.length === 0) return this.#refuse(say.wantRcpt);
    this.#transaction = null;
    this.#out.act({ type: "open", envelope: { sender, recipients } });
    this.#waiting = "opened";
  }

  /** What goes before the message. */
  #trace(): string {
    const config = this.#config;
    return received(config.peer, this.#helo, this.#protocol, config.now());
  }

  /** Says why a command is refused; and ends it when that was said too often. */
  #refuse(reply: string): void {
    if (++this.#errors < this.#limits.errors) this.#out.reply(reply);
    else this.#hangUp(this.#say.tooManyErrors);
  }

  /** Leaves without a message, and with a last reply or none. */
  #hangUp(reply: string): void {
    if (this.#waiting === "closed") return;
    this.#message?.abandon();
    this.#message = null;
    this.#out.reply(reply);
    this.#close(1);
  }

  #close(exitCode: 0 | 1): void {
    this.#out.act({ type: "close", exitCode });
    this.#waiting = "closed";
  }
}
