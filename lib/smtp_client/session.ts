/**
 * The client's side of SMTP and LMTP (RFC 5321, RFC 2033): replies in, actions
 * out. It never reads, writes or waits.
 *
 * A connection is used for one message after the other. It is lost as soon as
 * something comes that was not due: nobody knows any more which answer belongs
 * to what.
 *
 * @module
 */
import type { Delivery, Refusal } from "../mail/answers.ts";
import type { Credentials } from "../mail/sasl.ts";
import type { ClientAction } from "./actions.ts";
import { refusalOf, wordsOf } from "./answer.ts";
import {
  type Beginning,
  type ClientFacts,
  isSameClient,
  mailLine,
  recipientLine,
  whyNotSendable,
  xclientLine,
} from "./beginning.ts";
import {
  type Capabilities,
  capabilitiesOf,
  noCapabilities,
} from "./capabilities.ts";
import { Commands } from "./commands.ts";
import { LoginSteps } from "./login.ts";
import {
  fault,
  hangUp,
  leftEarly,
  noMechanism,
  noTls,
  noTlsForPassword,
  silence,
  unwelcome,
} from "./losses.ts";
import { type Reply, ReplyReader } from "./reply.ts";
import { type Step, stepSeconds } from "./steps.ts";

export interface ClientConfig {
  readonly protocol: "smtp" | "lmtp";
  /** What we call ourselves. */
  readonly name: string;
  /** Whether to encrypt: never, where it is offered, or else not at all. */
  readonly startTls: "never" | "offered" | "always";
  readonly credentials: Credentials | null;
  /** The way there is safe: a password may go over it in the clear. */
  readonly mayLogInClear: boolean;
  /** Whether the server is told of our client, if it wants that. */
  readonly xclient: boolean;
}

export class ClientSession {
  readonly #replies = new ReplyReader();
  #actions: ClientAction[] = [];
  #capabilities = noCapabilities;
  readonly #commands = new Commands();
  #phase: "hello" | "handshake" | "idle" | "envelope" | "text" | "lost" =
    "hello";
  #isEncrypted = false;
  #login: LoginSteps | null = null;
  #isLoggedIn = false;
  #beginning: Beginning | null = null;
  /** Who was told last, by XCLIENT. */
  #introduced: ClientFacts | null = null;
  /** MAIL has been given, to the server or to our own judgement. */
  #hasSender = false;
  #senderRefusal: Refusal | null = null;
  /** Recipients that wait for MAIL. */
  #recipients: string[] = [];
  #taken = 0;
  #outcomes: Delivery[] = [];

  constructor(readonly config: ClientConfig) {
    this.#commands.expect("greeting");
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  /** Whether a message may begin. */
  get isReady(): boolean {
    return this.#phase === "idle" && this.#commands.next === null;
  }

  get isLost(): boolean {
    return this.#phase === "lost";
  }

  /** Recipients that the server has taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Replies that have come, each whole. */
  get heard(): number {
    return this.#heard;
  }
  #heard = 0;

  /** How long the server may take for what is due now; 0 while nothing is. */
  get patienceSeconds(): number {
    const { next } = this.#commands;
    return next === null ? 0 : stepSeconds[next];
  }

  /** Bytes from the server. */
  ingest(bytes: Uint8Array): ClientAction[] {
    for (const reply of this.#replies.read(bytes)) {
      if (this.#phase === "lost") break;
      this.#heard++;
      // In the clear, by whomever (RFC 3207 4.2).
      if (this.#phase === "handshake") this.#lose(fault("before TLS"));
      else this.#hear(reply);
    }
    const isEarly = this.#phase === "handshake" && this.#replies.hasBegun;
    if (this.#replies.isBroken || isEarly) this.#lose(fault("no reply"));
    return this.#take();
  }

  /** The handshake is over. */
  encrypted(): ClientAction[] {
    this.#isEncrypted = true;
    this.#phase = "hello";
    this.#sayHello();
    return this.#take();
  }

  /** The server has hung up. */
  ended(): ClientAction[] {
    this.#lose(hangUp(this.#commands.next === "end"));
    return this.#take();
  }

  /** It took longer than it may. */
  late(): ClientAction[] {
    this.#lose(silence(this.#commands.next === "end"));
    return this.#take();
  }

  /** Whatever else has come between. */
  fail(refusal: Refusal): ClientAction[] {
    this.#lose(refusal);
    return this.#take();
  }

  /** Begins a message; only when it is ready. */
  begin(beginning: Beginning): ClientAction[] {
    this.#beginning = beginning;
    this.#phase = "envelope";
    this.#hasSender = false;
    this.#senderRefusal = null;
    this.#recipients = [];
    this.#taken = 0;
    const { client } = beginning;
    const { xclient } = this.#capabilities;
    const isKnown = isSameClient(this.#introduced, client);
    if (this.config.xclient && xclient && !isKnown) {
      this.#introduced = client;
      this.#command("xclient", xclientLine(client, xclient));
    } else this.#mail();
    return this.#take();
  }

  /** @param address that can be written, see whyNotWritable in beginning.ts */
  recipient(address: string): ClientAction[] {
    if (this.#hasSender) this.#rcpt(address);
    else this.#recipients.push(address);
    return this.#take();
  }

  /** Asks for leave to send the text; when all recipients are answered. */
  data(): ClientAction[] {
    this.#command("data", "DATA\r\n");
    return this.#take();
  }

  /** The dot that ends the text is about to be sent. */
  textEnds(): ClientAction[] {
    const count = this.config.protocol === "lmtp" ? this.#taken : 1;
    this.#outcomes = [];
    for (let i = 0; i < count; i++) this.#commands.expect("end");
    return this.#take();
  }

  /** Forgets a message whose text has not begun. */
  reset(): ClientAction[] {
    this.#forget();
    return this.#take();
  }

  #forget(): void {
    if (this.#phase !== "envelope") return;
    // In the middle of an introduction there is nothing to go back to.
    if (!this.#hasSender) return this.#lose(leftEarly);
    this.#commands.forget();
    this.#recipients = [];
    this.#beginning = null;
    this.#phase = "idle";
    this.#command("reset", "RSET\r\n");
  }

  quit(): ClientAction[] {
    if (this.isReady) this.#send("QUIT\r\n");
    this.#phase = "lost";
    return this.#take();
  }

  #take(): ClientAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #send(text: string): void {
    this.#actions.push({ type: "send", text });
  }

  #answer(refusal: Refusal | null): void {
    this.#actions.push({ type: "answered", refusal });
  }

  #command(step: Step, line: string, follows = false): void {
    this.#commands.add(step, line, follows);
    this.#pump();
  }

  /** Sends what may be sent now. */
  #pump(): void {
    const { pipelining } = this.#capabilities;
    const lines = this.#commands.takeLines(pipelining, (step) => {
      // After MAIL is refused there is nothing to be asked.
      if (step !== "recipient" || this.#senderRefusal === null) return false;
      this.#answer(this.#senderRefusal);
      return true;
    });
    if (lines !== "") this.#send(lines);
  }

  #sayHello(): void {
    const { protocol } = this.config;
    const verb = protocol === "lmtp" ? "LHLO" : "EHLO";
    this.#command("hello", `${verb} ${this.#name}\r\n`);
  }

  /** Ours, or, after XCLIENT, our client's: a server takes the last one. */
  get #name(): string {
    const helo = this.#beginning?.client.helo ?? "";
    return /^[\w.:\-[\]]{1,255}$/.test(helo) ? helo : this.config.name;
  }

  #mail(): void {
    const beginning = this.#beginning!;
    const refusal = whyNotSendable(beginning, this.#capabilities);
    this.#senderRefusal = refusal;
    this.#hasSender = true;
    if (refusal === null) {
      this.#command("mail", mailLine(beginning, this.#capabilities), true);
    }
    for (const each of this.#recipients.splice(0)) this.#rcpt(each);
  }

  #rcpt(address: string): void {
    this.#command("recipient", recipientLine(address), true);
  }

  #hear(reply: Reply): void {
    const due = this.#commands.answered();
    if (due === null) return this.#hearUnasked(reply);
    const { step } = due;
    const isMore = reply.code >= 300 && reply.code < 400;
    if (isMore && (due.isForgotten || !asksForMore.has(step))) {
      return this.#lose(fault(reply.code));
    }
    if (!due.isForgotten) this.#obey(step, reply);
    if (this.#phase === "lost") return;
    // It says so before it closes (RFC 5321 3.8).
    if (reply.code === 421) return this.#lose(refusalOf(reply));
    this.#pump();
  }

  /** Such as a time that is over, or the fault of a text that goes on. */
  #hearUnasked(reply: Reply): void {
    const isRefusal = reply.code >= 400;
    this.#lose(isRefusal ? refusalOf(reply) : fault(reply.code));
  }

  #obey(step: Step, reply: Reply): void {
    const { code } = reply;
    const isDone = code >= 200 && code < 300;
    switch (step) {
      case "greeting":
        if (code === 220) return this.#sayHello();
        return this.#lose(unwelcome("greets us with", reply));
      case "hello":
        return this.#greeted(reply);
      case "startTls":
        return this.#mayEncrypt(reply);
      case "login":
        return this.#loginAnswered(reply);
      case "xclient":
        if (!isDone) {
          return this.#lose(unwelcome("answers XCLIENT with", reply));
        }
        return this.#sayHello();
      case "mail":
        if (!isDone) this.#senderRefusal = refusalOf(reply);
        return;
      case "recipient":
        if (isDone && this.#senderRefusal === null) this.#taken++;
        return this.#answer(
          this.#senderRefusal ?? (isDone ? null : refusalOf(reply)),
        );
      case "data":
        return this.#dataAnswered(reply);
      case "end":
        return this.#delivered(reply);
      case "reset":
        if (!isDone) return this.#lose(unwelcome("answers RSET with", reply));
        return this.#rest();
      case "text":
        return;
    }
  }

  #greeted(reply: Reply): void {
    const { code } = reply;
    const { protocol } = this.config;
    if (code !== 250) {
      const isOld = code >= 500 && protocol === "smtp" && !this.#isEncrypted;
      if (!isOld || this.#isHelo) {
        return this.#lose(unwelcome("answers our name with", reply));
      }
      this.#isHelo = true;
      return this.#command("hello", `HELO ${this.#name}\r\n`);
    }
    this.#capabilities = this.#isHelo ? noCapabilities : capabilitiesOf(reply);
    if (this.#beginning) return this.#mail();
    const { startTls } = this.config;
    const isOffered = this.#capabilities.startTls;
    if (!this.#isEncrypted && startTls !== "never") {
      if (isOffered) return this.#command("startTls", "STARTTLS\r\n");
      if (startTls === "always") return this.#lose(noTls);
    }
    this.#logIn();
  }
  #isHelo = false;

  #mayEncrypt({ code }: Reply): void {
    if (code === 220) {
      this.#phase = "handshake";
      this.#actions.push({ type: "startTls" });
    } else if (this.config.startTls === "always") this.#lose(noTls);
    else this.#logIn();
  }

  #logIn(): void {
    const { credentials, mayLogInClear } = this.config;
    if (credentials === null || this.#isLoggedIn) return this.#rest();
    if (!this.#isEncrypted && !mayLogInClear) {
      return this.#lose(noTlsForPassword);
    }
    this.#login = LoginSteps.begin(credentials, this.#capabilities.auth);
    if (this.#login === null) {
      return this.#lose(noMechanism);
    }
    this.#command("login", this.#login.next()!);
  }

  #loginAnswered(reply: Reply): void {
    if (reply.code === 235) {
      this.#isLoggedIn = true;
      this.#login = null;
      return this.#rest();
    }
    const line = reply.code === 334 ? this.#login!.next() : null;
    if (line === null) {
      return this.#lose(unwelcome("answers our log-in with", reply));
    }
    this.#command("login", line);
  }

  #dataAnswered(reply: Reply): void {
    const { code } = reply;
    if (code === 354) {
      this.#phase = "text";
      this.#actions.push({ type: "goAhead" });
      return;
    }
    if (code < 400) return this.#lose(fault(code));
    this.#actions.push({ type: "refused", refusal: refusalOf(reply) });
    this.#forget();
  }

  #delivered(reply: Reply): void {
    const { code } = reply;
    this.#outcomes.push(
      code < 300 ? { type: "stored", id: wordsOf(reply) } : refusalOf(reply),
    );
    if (this.#commands.next === "end") return;
    this.#actions.push({ type: "delivered", outcomes: this.#outcomes });
    if (code !== 421) this.#rest();
  }

  /** Nothing is begun, and nothing is due. */
  #rest(): void {
    this.#phase = "idle";
    this.#beginning = null;
    if (this.isReady) this.#actions.push({ type: "ready" });
  }

  #lose(refusal: Refusal): void {
    if (this.#phase === "lost") return;
    this.#phase = "lost";
    const spoken = this.#outcomes.length;
    if (this.#commands.next === "end" && spoken > 0) {
      // Those of whom LMTP has spoken have it, or have not, all the same.
      const rest = new Array<Delivery>(this.#taken - spoken).fill(refusal);
      const outcomes = [...this.#outcomes, ...rest];
      this.#actions.push({ type: "delivered", outcomes });
    }
    this.#commands.clear();
    this.#actions.push({ type: "lost", refusal });
  }
}

/** What is neither taken nor refused is an answer to these alone. */
const asksForMore: ReadonlySet<Step> = new Set(["data", "login"]);
