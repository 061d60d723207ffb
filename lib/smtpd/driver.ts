/**
 * Does what an SMTP session decides: the one place where its actions meet a
 * connection, a delivery target, and whoever is asked.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import type { Activity, Ending, Serving } from "../base/protocol.ts";
import type { Receiver, Stream } from "../base/stream.ts";
import { isRefusal, outcomeOf } from "../deliver/outcome.ts";
import type { Message } from "../deliver/target.ts";
import { never, type Ticker, ticker, type Timed } from "../net/deadlines.ts";
import type { Delivery, Refusal } from "../mail/answers.ts";
import type { Action } from "../smtp/actions.ts";
import type { Session } from "../smtp/session.ts";
import { eventLoop } from "../sys/event_loop.ts";
import type { Patience, Services } from "./services.ts";
import { SessionStory } from "./story.ts";
import { TextPace } from "./text_pace.ts";

/** Commands are read in small pieces, so that nobody asks much in a turn. */
const commandsReadBytes = 1024;
const textReadBytes = 32768;

const digitZero = 48;

/** How long a client that is left may take to hear why, at least. */
const farewellSeconds = 1;

/** How long a client may be silent whose text is refused, and goes on yet. */
const doomedSeconds = 5;

/** How long a client waits for what it has asked for too often. */
const pauseMs = 500;

/** What is not begun any more when the session is to end. */
const beginnings: ReadonlySet<Action["type"]> = new Set(
  ["ask", "authenticate", "passOn", "startTls", "open"] as const,
);

/**
 * Runs a session to its end and closes the stream.
 *
 * @param ending is told the exit code that qmail-smtpd would leave with, or
 *   that a message could not be abandoned
 * @param clock by which patience ends
 */
export function drive(
  stream: Stream,
  session: Session,
  services: Services,
  patience: Patience,
  ending: Ending,
  clock: Ticker = ticker,
): Serving {
  return new Driver(stream, session, services, patience, ending, clock);
}

class Driver implements Receiver, Serving, Timed {
  #message: Message | undefined;
  #replies = "";
  /** The answer to a stored message is among the replies. */
  #acknowledging = false;
  /** Somebody else has the word: who is asked, or the target. */
  #isWaiting = false;
  /** How to end as soon as nobody else has the word. */
  #due: "timeout" | "shutDown" | null = null;
  /** What goes on when the client has taken the replies. */
  #next: (() => void) | null = null;
  #exitCode: 0 | 1 | undefined;
  #isOver = false;
  /** The client has ended its side. */
  #hasEnded = false;
  #pace: TextPace | null = null;
  readonly #story: SessionStory;
  /** The ticks in which the client was silent, or was here, for too long. */
  #idleUntil: number;
  #wholeUntil: number;

  constructor(
    public stream: Stream,
    readonly session: Session,
    readonly services: Services,
    readonly patience: Patience,
    readonly ending: Ending,
    readonly clock: Ticker,
  ) {
    this.#idleUntil = clock.after(patience.idleSeconds);
    this.#wholeUntil = clock.after(patience.sessionSeconds);
    this.#story = new SessionStory(session, services);
    clock.add(this);
    stream.open(this);
    this.#story.encrypted(stream);
    this.#try(() => this.#perform(session.start()));
  }

  received(bytes: Uint8Array<ArrayBuffer>): void {
    try {
      this.#read(bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  ended(): void {
    this.#hasEnded = true;
    this.#try(() => this.#perform(this.session.end()));
  }

  drained(): void {
    this.#extend();
    this.#goOn();
  }

  stop(): void {
    this.#end("shutDown");
  }

  get activity(): Activity {
    const { helo, inText, hasSender } = this.session;
    const doing = this.#isLeaving
      ? "is leaving"
      : this.#isWaiting
      ? "has to wait for an answer"
      : inText
      ? "sends a message"
      : hasSender
      ? "names recipients"
      : "says nothing";
    return { helo, doing };
  }

  tick(now: number): void {
    this.#hurry();
    if (now >= this.#idleUntil) {
      this.#idleUntil = never; // until it says something
      this.#silent();
    }
    if (now >= this.#wholeUntil) {
      this.#wholeUntil = never;
      this.#end("timeout");
    }
  }

  /** Whoever calls has others to call: a bug costs one session. */
  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  #read(bytes: Uint8Array<ArrayBuffer>): void {
    const { session } = this;
    const { inLine, inText } = session;
    if (!inText) this.#story.hears();
    const actions = session.ingest(bytes);
    // A line that comes byte by byte has no more time than one that does not.
    if (!inLine || actions.length > 0) this.#extend();
    if (inText || session.inText) this.#textPace?.add(bytes.length);
    this.#perform(actions);
    this.#hurry();
  }

  /** Leaves a client whose text is late, though it may be silent. */
  #hurry(): void {
    if (!this.session.inText || this.#isWaiting || this.#isLeaving) return;
    if (this.#pace?.isSlow) this.#end("timeout");
  }

  get #isLeaving(): boolean {
    return this.#due !== null || this.#exitCode !== undefined;
  }

  #extend(): void {
    const { idleSeconds } = this.patience;
    const seconds = this.session.isDoomed
      ? Math.min(idleSeconds || doomedSeconds, doomedSeconds)
      : idleSeconds;
    this.#idleUntil = this.clock.after(seconds);
  }

  /** Does all of it, or, where something takes its time, the rest after that. */
  #perform(actions: readonly Action[], from = 0): void {
    const { session, services } = this;
    for (let i = from; i < actions.length; i++) {
      const action = actions[i];
      if (this.#due !== null && beginnings.has(action.type)) break;
      switch (action.type) {
        case "reply":
          this.#replies += action.text;
          services.replies[action.text.charCodeAt(0) - digitZero]++;
          break;
        case "append": {
          this.#story.appended(action.bytes.length);
          const taking = this.#message?.append(action.bytes);
          if (!taking) break;
          return this.#deliver(taking, () => this.#perform(actions, i + 1));
        }
        case "ask": {
          const since = performance.now();
          const { tls } = this.stream;
          const inquiry = tls ? { ...action.inquiry, tls } : action.inquiry;
          return this.#wait(services.ask(inquiry), (answer) => {
            this.#story.asked(performance.now() - since);
            this.#perform(session.answered(answer));
          });
        }
        case "pause": {
          if (this.#due !== null) break;
          this.#flush();
          const over = new Promise<void>((go) => setTimeout(go, pauseMs));
          return this.#wait(over, () => this.#perform(actions, i + 1));
        }
        case "authenticate": {
          const since = performance.now();
          const asking = services.authenticate(action.credentials);
          return this.#wait(asking, (login) => {
            const took = performance.now() - since;
            this.#story.loggedIn(this.stream, login, took);
            this.#perform(session.authenticated(login));
          });
        }
        case "passOn": {
          const since = performance.now();
          return this.#wait(services.passOn!(action.word), (answer) => {
            const took = performance.now() - since;
            if (answer.type === "challenge") this.#story.challenged(took);
            else this.#story.loggedIn(this.stream, answer, took);
            this.#perform(session.authenticated(answer));
          });
        }
        case "cancelLogin":
          services.cancelLogin?.();
          this.#story.cancelled();
          break;
        case "startTls":
          return this.#afterReplies(() => this.#secure());
        case "open": {
          this.#pace = null;
          const { envelope, origin } = action;
          this.#story.opens(envelope);
          const { target, connection, env } = services;
          const opened = target.open(envelope, {
            ...origin,
            connection,
            env,
            tls: this.stream.tls ?? null,
            protocol: session.protocol,
            session: session.name,
            id: session.messageId,
          });
          if (opened instanceof Promise) {
            return this.#wait(
              opened,
              (result) => this.#perform(this.#opened(result)),
            );
          }
          actions = this.#opened(opened);
          i = -1;
          break;
        }
        case "commit": {
          this.#pace = null;
          this.#story.commits();
          const result = outcomeOf(this.#message!);
          this.#message = undefined;
          if (result instanceof Promise) {
            return this.#wait(
              result,
              (delivery) => this.#perform(this.#committed(delivery)),
            );
          }
          actions = this.#committed(result);
          i = -1;
          break;
        }
        case "abandon": {
          const message = this.#message;
          this.#message = undefined;
          this.#story.dropped();
          const abandoning = message?.abandon();
          if (!abandoning) break;
          return this.#deliver(abandoning, () => this.#perform(actions, i + 1));
        }
        case "tell":
          this.#story.told(this.stream, action.told);
          break;
        case "close":
          this.#exitCode = action.exitCode;
          break;
      }
    }
    this.#proceed();
  }

  #opened(result: Message | Refusal): Action[] {
    if (isRefusal(result)) {
      this.#story.refusedToOpen(this.stream, result);
      return this.session.opened(result);
    }
    this.#message = result;
    return this.session.opened({ type: "opened" });
  }

  #committed(delivery: Delivery): Action[] {
    this.#acknowledging = true;
    const actions = this.session.committed(delivery);
    this.#story.committed(this.stream, delivery, actions);
    return actions;
  }

  /** The stream is the handshake's, which reads from it. */
  #secure(): void {
    this.#hear(this.services.secure(this.stream), (secured) => {
      if (secured === null) return this.#perform(this.session.end());
      this.stream = secured;
      secured.open(this);
      const actions = this.session.encrypted();
      this.#story.encrypted(secured);
      this.#perform(actions);
    });
  }

  /** All is done that was decided: what comes next? */
  #proceed(): void {
    this.#flush();
    if (!this.session.inText || this.#exitCode !== undefined) this.#leaveText();
    if (this.#exitCode !== undefined) return this.#finish();
    if (this.#due !== null) return this.#end(this.#due);
    const { session, stream } = this;
    if (session.inText) this.#textPace?.goOn();
    else this.#pace?.rest();
    if (session.hasUnread) {
      return this.#afterReplies(() => this.#perform(session.proceed()));
    }
    stream.readBytes = session.inText ? textReadBytes : commandsReadBytes;
    stream.paused = false;
  }

  /** No text is read: what was begun and forgotten by now was left. */
  #leaveText(): void {
    this.#story.heard();
    const isOver = this.#exitCode !== undefined;
    const why = this.#due ?? (isOver && this.#hasEnded ? "client" : "reset");
    this.#story.leaves(this.stream, why === "shutDown" ? "shutdown" : why);
  }

  /**
   * Lets somebody else have the word. A client that does not hear of a message
   * that is stored sends it again, so it is told before (RFC 2920 3.2).
   */
  #wait<T>(word: Promise<T>, goOn: (word: T) => void): void {
    if (this.#acknowledging) this.#flush();
    this.stream.paused = true;
    this.#hear(word, goOn);
  }

  #hear<T>(word: Promise<T>, goOn: (word: T) => void): void {
    this.#isWaiting = true;
    word.then((said) => {
      this.#isWaiting = false;
      this.#extend();
      goOn(said);
    }).catch((error) => this.#fail(error));
  }

  /** The same for the target, at its expense and not the client's. */
  #deliver(step: Promise<void>, goOn: () => void): void {
    const since = performance.now();
    this.#wait(step, () => {
      this.#pace?.forgive(performance.now() - since);
      goOn();
    });
  }

  /** Goes on when the client has taken the replies, and others their turn. */
  #afterReplies(act: () => void): void {
    this.#flush();
    this.stream.paused = true;
    this.#next = act;
    if (this.stream.unsent === 0) eventLoop.defer(() => this.#goOn());
  }

  #goOn(): void {
    if (this.stream.unsent > 0) return; // drained() comes back here
    const next = this.#next;
    this.#next = null;
    if (next) this.#try(next);
  }

  #flush(): void {
    this.#acknowledging = false;
    if (this.#replies === "") return;
    const text = this.#replies;
    this.#replies = "";
    this.stream.write(encoded(text));
  }

  get #textPace(): TextPace | null {
    const { textBytesPerSecond } = this.patience;
    if (textBytesPerSecond === 0) return null;
    return this.#pace ??= new TextPace(textBytesPerSecond);
  }

  /** The client has neither sent nor taken anything for too long. */
  #silent(): void {
    if (this.#exitCode !== undefined) this.#breakOff();
    else if (!this.#isWaiting) this.#end("timeout");
  }

  #end(why: "timeout" | "shutDown"): void {
    this.#due = why;
    if (this.#exitCode !== undefined) this.#finish();
    else if (!this.#isWaiting) this.#try(() => this.#sayWhy(why));
  }

  /** Says why, if the client still listens, and leaves. */
  #sayWhy(why: "timeout" | "shutDown"): void {
    this.#next = null;
    const actions = this.session[why]();
    for (const action of actions) {
      if (action.type === "reply") this.#replies += action.text;
    }
    this.#flush(); // before the target has the word
    this.#perform(actions.filter(({ type }) => type !== "reply"));
  }

  /** Closes when the client has taken the last replies, or its time is over. */
  #finish(): void {
    this.stream.paused = true;
    if (this.stream.unsent === 0) return this.#close();
    this.#next = () => this.#close();
    if (this.#due !== null) this.#idleUntil = this.clock.after(farewellSeconds);
  }

  /** Closes on a client that does not take the last replies. */
  #breakOff(): void {
    if (this.#isOver) return;
    this.#exitCode = 1;
    this.#close();
  }

  #close(): void {
    if (this.#isOver) return;
    const exitCode = this.#exitCode ?? 1;
    if (!this.#mayTalkYet) {
      this.#leave();
      this.ending.ended(exitCode);
      return;
    }
    this.#isOver = true;
    this.#forget();
    this.stream.linger(() => this.ending.ended(exitCode));
  }

  /** Whether the client may still talk, and would hear a reset, not us. */
  get #mayTalkYet(): boolean {
    if (this.#exitCode === 0 || this.#hasEnded) return false;
    if (this.session.isClassic) return false; // qmail-smtpd leaves at once
    if (this.stream.unsent > 0) return false; // it does not listen
    return this.#due !== "shutDown" || this.session.inText;
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#leave();
    this.#story.breaks(this.stream);
    Promise.resolve(this.#message).then((message) => message?.abandon())
      .catch(() => {}); // it may be what broke
    this.ending.broken(error);
  }

  #leave(): void {
    this.#isOver = true;
    this.#forget();
    this.stream.close();
  }

  #forget(): void {
    this.services.target.leave?.();
    this.services.cancelLogin?.();
    this.clock.remove(this);
  }
}

/** Replies are short, and there is one buffer for all that fit. */
const output = new Uint8Array(new ArrayBuffer(8192));

/** A byte string's bytes, there until the next. */
function encoded(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > output.length) return toBytes(text);
  for (let i = 0; i < text.length; i++) output[i] = text.charCodeAt(i);
  return output.subarray(0, text.length);
}
