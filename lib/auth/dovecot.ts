/**
 * Log-ins that Dovecot decides, with whatever passwords, tables and mechanisms
 * it has. Its challenges and a client's responses are passed on; the password
 * is not looked at here.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { printable } from "../base/foreign_text.ts";
import { reason } from "../base/reason.ts";
import {
  type ServiceAddress,
  writtenAddress,
} from "../base/service_address.ts";
import type { LoginAnswer } from "../mail/answers.ts";
import { mechanisms } from "../mail/sasl.ts";
import { inTime, noAnswerWithin } from "../net/in_time.ts";
import { DovecotConnection } from "./dovecot_connection.ts";
import {
  acceptableNames,
  beginLine,
  type ClientFacts,
  goOnLine,
  type Parameters,
  type Reply,
} from "./dovecot_protocol.ts";

/** How long it is left alone after so many connections in a row failed. */
const firstPauseMs = 100, longestPauseMs = 1000;
/** Of what Dovecot says of a refusal, for the log. */
const mostReasonCharacters = 200;
/** Challenges of a log-in: no mechanism has more than a few. */
const mostChallenges = 30;

/** Dovecot as the sessions of a process share it. */
export class Dovecot {
  #current: DovecotConnection | null = null;
  #opening: Promise<DovecotConnection> | null = null;
  /** When it was connected to. */
  #placeThen: string | null = null;
  #failures = 0;
  #failedAt = 0;
  #names: readonly string[] | null = null;
  #isClosed = false;
  readonly #lasting: LastingTrouble;

  /**
   * @param seconds for each step of a log-in
   * @param emit is told of troubles
   */
  constructor(
    readonly address: ServiceAddress,
    readonly seconds: number,
    emit: Emit,
  ) {
    this.#lasting = new LastingTrouble(emit);
  }

  /**
   * The mechanisms to offer: those it had when it was last heard of. Until
   * then what it has almost always; who tries them is told to come again.
   */
  readonly mechanisms = (): readonly string[] => {
    this.wake();
    return this.#names ?? mechanisms;
  };

  /** Connects, if there is no connection, so that a log-in finds one. */
  wake(): void {
    if (this.#usable === null) this.connection().catch(() => {}); // told there
  }

  /**
   * One to begin on. Those that come while there is none wait for the same
   * attempt.
   *
   * @throws Error that says why there is none
   */
  connection(): Promise<DovecotConnection> {
    const usable = this.#usable;
    if (usable) return Promise.resolve(usable);
    this.#opening ??= this.#open().finally(() => this.#opening = null);
    return this.#opening;
  }

  /** An exchange for one client, who may try several times. */
  exchange(facts: ClientFacts): DovecotExchange {
    return new DovecotExchange(this, facts);
  }

  /** What was asked is answered. */
  hears(): void {
    this.#lasting.over();
  }

  tell(error: unknown): void {
    const where = writtenAddress(this.address);
    this.#lasting.tell([`unable to ask Dovecot at ${where}: ${reason(error)}`]);
  }

  close(): void {
    this.#isClosed = true;
    this.#current?.close();
  }

  get #usable(): DovecotConnection | null {
    const current = this.#current;
    if (!current || current.lost || current.isRetired) return null;
    const place = this.#place();
    if (place === null || place === this.#placeThen) return current;
    current.retire();
    return null;
  }

  /** What tells its socket from one that came later; null for nothing. */
  #place(): string | null {
    if (this.address.transport !== "unix") return null;
    try {
      const { dev, ino, mtime } = Deno.statSync(this.address.path);
      // Many file systems give the next socket the number of the last.
      return `${dev} ${ino} ${mtime?.getTime()}`;
    } catch {
      return null; // it goes on with whom it has
    }
  }

  async #open(): Promise<DovecotConnection> {
    if (this.#failures > 0) {
      const pauseMs = Math.min(
        longestPauseMs,
        firstPauseMs * 2 ** (this.#failures - 1),
      );
      const dueMs = this.#failedAt + pauseMs - performance.now();
      if (dueMs > 0) await new Promise((over) => setTimeout(over, dueMs));
    }
    try {
      const { address, seconds } = this;
      const connection = await DovecotConnection.open(address, seconds);
      this.#failures = 0;
      this.#current = connection;
      this.#placeThen = this.#place();
      this.#names = acceptableNames(connection.offered);
      if (this.#names.length === 0) throw new Error(nothingToOffer);
      this.#lasting.over();
      if (this.#isClosed) connection.close();
      return connection;
    } catch (error) {
      this.#failures++;
      this.#failedAt = performance.now();
      this.#current?.close();
      this.tell(error);
      throw error;
    }
  }
}

const nothingToOffer = "it has no mechanism that can be offered here";

/** What keeps log-ins from Dovecot; null for nothing. */
export async function dovecotFault(
  address: ServiceAddress,
  seconds: number,
): Promise<string | null> {
  try {
    const connection = await DovecotConnection.open(address, seconds);
    const { offered } = connection;
    connection.close();
    return acceptableNames(offered).length === 0 ? nothingToOffer : null;
  } catch (error) {
    return reason(error);
  }
}

/** What a client and Dovecot say to each other, by way of us. */
export class DovecotExchange {
  #at: { readonly connection: DovecotConnection; readonly id: number } | null =
    null;
  /** Counts what was given up: an answer to that is nobody's. */
  #turn = 0;
  #challenges = 0;

  constructor(readonly dovecot: Dovecot, readonly facts: ClientFacts) {}

  /** @param response in base64; null for none */
  async begin(
    mechanism: string,
    response: string | null,
  ): Promise<LoginAnswer> {
    const turn = ++this.#turn;
    this.#challenges = 0;
    const stepMs = this.dovecot.seconds * 1000;
    const end = performance.now() + stepMs;
    try {
      const connection = await inTime(
        this.dovecot.connection(),
        stepMs,
        noAnswerWithin(stepMs),
      );
      if (turn !== this.#turn) return { type: "later" };
      // One that was offered before it was heard of, or restarted: it would
      // hang up, on everybody.
      if (!acceptableNames(connection.offered).includes(mechanism)) {
        return { type: "later", why: `it does not have ${mechanism}` };
      }
      const id = connection.begin();
      this.#at = { connection, id };
      const line = beginLine(id, mechanism, this.facts, response);
      return await this.#ask(line, end);
    } catch (error) {
      return this.#fails(error);
    }
  }

  /** @param response to the last challenge, in base64 */
  async respond(response: string): Promise<LoginAnswer> {
    if (this.#at === null) return { type: "later" };
    try {
      const line = goOnLine(this.#at.id, response);
      const end = performance.now() + this.dovecot.seconds * 1000;
      return await this.#ask(line, end);
    } catch (error) {
      return this.#fails(error);
    }
  }

  /** The client has gone, or wants no more of it. */
  abandon(): void {
    this.#turn++;
    this.#at?.connection.cancel(this.#at.id);
    this.#at = null;
  }

  async #ask(line: string, end: number): Promise<LoginAnswer> {
    const { connection, id } = this.#at!;
    const answer = answerOf(await connection.ask(id, line, end));
    if (answer.type !== "challenge") this.#at = null;
    else if (++this.#challenges > mostChallenges) {
      connection.cancel(id);
      throw new Error("it challenges one client on and on");
    }
    this.dovecot.hears();
    return answer;
  }

  #fails(error: unknown): LoginAnswer {
    this.#at = null;
    this.dovecot.tell(error);
    return { type: "later" };
  }
}

/** What a reply of Dovecot's means for who wants to log in. */
export function answerOf(reply: Reply): LoginAnswer {
  switch (reply.type) {
    case "goOn":
      return { type: "challenge", challenge: reply.challenge };
    case "ok":
      return accepted(reply.parameters);
    case "fail":
      return refused(reply.parameters);
  }
}

function accepted(parameters: Parameters): LoginAnswer {
  const user = parameters.get("user")?.[0] ?? "";
  if (user === "") throw new Error("it says OK and not who it is");
  // The password is right, and he is not to be let in here all the same.
  for (const barrier of ["nologin", "proxy"]) {
    if (parameters.has(barrier)) {
      return { type: "bad", user, why: whyOf(parameters) ?? barrier };
    }
  }
  const senders = ["sender", "senders"]
    .flatMap((name) => parameters.get(name) ?? [])
    .flatMap((value) => value.split(/[ \t\r\n,]+/)) // not \s: it has UTF-8
    .filter((sender) => sender !== "");
  return { type: "ok", user, ...(senders.length > 0 && { senders }) };
}

function refused(parameters: Parameters): LoginAnswer {
  const user = parameters.get("user")?.[0];
  const named = user === undefined ? {} : { user };
  const why = whyOf(parameters);
  const isForNow = parameters.has("temp") ||
    parameters.get("code")?.[0] === "temp_fail";
  return {
    type: isForNow ? "later" : "bad",
    ...named,
    ...(why !== null && { why }),
  };
}

/** Of Dovecot until 2.2, which has a name for each, and since then. */
const reasons = ["authz", "user_disabled", "pass_expired"];

function whyOf(parameters: Parameters): string | null {
  const why = parameters.get("reason")?.[0] ?? parameters.get("code")?.[0] ??
    reasons.find((each) => parameters.has(each));
  return why ? printable(why, mostReasonCharacters) : null;
}
