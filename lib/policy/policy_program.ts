/**
 * Asking a policy program over its socket (Postfix's policy delegation).
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { fromBytes, toBytes } from "../base/bytes.ts";
import {
  type PolicyAddress,
  policyRequest,
  policyTrouble,
  policyVerdict,
} from "./delegation.ts";
import type { Answer, Question } from "./question.ts";
import { reason } from "../base/reason.ts";

/** A response is one short line, an empty one after it. */
const responseBytesLimit = 4096;
/** Each has one request on its way at a time. */
const connectionsLimit = 16;

/** The server closed, maybe while nobody asked anything. */
class Lost extends Error {}

/** A connection, and a read that may begin before anybody wants it. */
class Connection {
  readonly #buffer = new Uint8Array(1024);
  #reading: Promise<number | null> | null = null;

  constructor(readonly conn: Deno.Conn) {}

  /** What comes next; null at the end. */
  async read(): Promise<string | null> {
    this.conn.ref();
    const reading = this.#reading ?? this.conn.read(this.#buffer);
    this.#reading = null;
    const n = await reading;
    return n === null ? null : fromBytes(this.#buffer.subarray(0, n));
  }

  /** Tells of the first thing that comes, be it the end, without holding up ours. */
  watch(heard: () => void): void {
    this.#reading = this.conn.read(this.#buffer);
    this.#reading.then(heard, heard);
    this.conn.unref();
  }

  close(): void {
    this.conn.close();
  }
}

/**
 * A policy program. Its connections are kept for the next question, unless
 * something comes on them meanwhile, which would be taken for its answer; one
 * that turns out to be lost is replaced once. Fails closed: without an answer in
 * time, or with one that makes no sense, `ask` defers, 451 4.3.5.
 */
export class PolicyProgram {
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #used = 0;

  /**
   * @param seconds for one question, with all its attempts
   * @param emit is told of troubles
   */
  constructor(
    readonly address: PolicyAddress,
    readonly seconds: number,
    readonly emit: Emit,
  ) {}

  /** A Policy. */
  readonly ask = async (question: Question): Promise<Answer> => {
    const deadline = new Deadline(this.seconds);
    try {
      const response = await this.#exchange(
        toBytes(policyRequest(question)),
        deadline,
      );
      const { answer, remark } = policyVerdict(response);
      if (remark) this.emit(trouble(`policy program: ${remark}`));
      return answer;
    } catch (error) {
      this.emit(trouble(`unable to ask the policy program: ${reason(error)}`));
      return policyTrouble;
    } finally {
      deadline.clear();
    }
  };

  /** Closes the connections that nobody uses. */
  close(): void {
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  async #exchange(
    request: Uint8Array<ArrayBuffer>,
    deadline: Deadline,
  ): Promise<string> {
    await this.#enter(deadline);
    try {
      try {
        return await this.#attempt(request, this.#idle.pop(), deadline);
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        return await this.#attempt(request, undefined, deadline);
      }
    } finally {
      this.#leave();
    }
  }

  async #attempt(
    request: Uint8Array<ArrayBuffer>,
    kept: Connection | undefined,
    deadline: Deadline,
  ): Promise<string> {
    const connection = kept ?? new Connection(await this.#connect(deadline));
    const { conn } = connection;
    let usable = false;
    deadline.onExpiry(() => conn.close());
    try {
      for (let rest = request; rest.length > 0;) {
        rest = rest.subarray(await conn.write(rest));
      }
      const response = await readResponse(connection);
      usable = !deadline.expired;
      return response;
    } catch (error) {
      if (deadline.expired) throw deadline.error();
      throw isLoss(error) ? new Lost("it closed the connection") : error;
    } finally {
      deadline.onExpiry(null);
      if (usable) this.#keep(connection);
      else if (!deadline.expired) conn.close();
    }
  }

  #keep(connection: Connection): void {
    this.#idle.push(connection);
    connection.watch(() => {
      const place = this.#idle.indexOf(connection);
      if (place === -1) return; // it was asked
      this.#idle.splice(place, 1);
      connection.close();
    });
  }

  async #connect(deadline: Deadline): Promise<Deno.Conn> {
    const { address } = this;
    const connecting: Promise<Deno.Conn> = address.transport === "unix"
      ? Deno.connect(address)
      : Deno.connect(address);
    const conn = await deadline.race(connecting);
    if (conn) return conn;
    connecting.then((late) => late.close(), () => {});
    throw deadline.error();
  }

  async #enter(deadline: Deadline): Promise<void> {
    if (this.#used < connectionsLimit) {
      this.#used++;
      return;
    }
    let enter = () => {};
    const turn = new Promise<true>((resolve) => enter = () => resolve(true));
    this.#waiting.push(enter);
    if (await deadline.race(turn)) return;
    const place = this.#waiting.indexOf(enter);
    if (place !== -1) this.#waiting.splice(place, 1);
    else this.#leave(); // the turn came in the same moment
    throw deadline.error();
  }

  /** Hands the place on. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#used--;
  }
}

/** Up to the empty line, which is left out. */
async function readResponse(connection: Connection): Promise<string> {
  let text = "";
  for (;;) {
    const piece = await connection.read();
    if (piece === null) throw new Lost("it closed the connection");
    text += piece;
    const end = text.indexOf("\n\n");
    // More would be taken for the answer to the next question.
    if (end !== -1 && end + 2 < text.length) {
      throw new Error("it says too much");
    }
    if (end !== -1) return text.slice(0, end);
    if (text.length > responseBytesLimit) {
      throw new Error("its answer is too long");
    }
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof Lost ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}

/** One time limit over several waits. */
class Deadline {
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #over: Promise<null>;
  #onExpiry: (() => void) | null = null;
  expired = false;

  constructor(readonly seconds: number) {
    let expire = () => {};
    this.#over = new Promise((resolve) => expire = () => resolve(null));
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#onExpiry?.();
      expire();
    }, seconds * 1000);
  }

  /** What to do when time is over; null for nothing any more. */
  onExpiry(act: (() => void) | null): void {
    this.#onExpiry = act;
  }

  /** null when time is over first. */
  race<T>(work: Promise<T>): Promise<T | null> {
    return Promise.race([work, this.#over]);
  }

  error(): Error {
    return new Error(`no answer within ${this.seconds} seconds`);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
