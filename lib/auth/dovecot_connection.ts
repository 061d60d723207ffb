/**
 * A connection to Dovecot's auth service, which many log-ins share: each has a
 * number, and none waits for another's answer.
 *
 * @module
 */
import { fromBytes, toBytes } from "../base/bytes.ts";
import { reason } from "../base/reason.ts";
import type { ServiceAddress } from "../base/service_address.ts";
import { inTime, noAnswerWithin } from "../net/in_time.ts";
import {
  cancelLine,
  greetingLines,
  type OfferedMechanism,
  readServerLine,
  type Reply,
  type ServerLine,
  speaksOurVersion,
} from "./dovecot_protocol.ts";

/** Four times what Dovecot expects of a line: it may tell much of a user. */
const lineBytesLimit = 65536;
const readBytes = 4096;
/** What goes out at once. */
const batchBytes = 65536;
/**
 * A process of Dovecot's that was replaced, as at a restart, ends when its last
 * client has gone, and answers as before until then: without log-ins, and with
 * them, a connection is kept for so long.
 */
const idleSeconds = 10, busySeconds = 60;

/** Somebody who waits for an answer. */
interface Waiter {
  readonly since: number;
  readonly timer: ReturnType<typeof setTimeout>;
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

export class DovecotConnection {
  /** What Dovecot has told before the first log-in. */
  readonly offered: OfferedMechanism[] = [];
  /** Why it is of no use any more; null while it is. */
  lost: Error | null = null;
  /** Nobody is to begin here: what is asked is not answered in time. */
  isRetired = false;
  /** Those that go on, and what they wait for: an answer, or their client. */
  readonly #exchanges = new Map<number, Waiter | null>();
  /** Answers that nobody has waited for, as when a client is too slow. */
  readonly #early = new Map<number, Reply>();
  /** By exchange; what is given up before it was sent is never sent. */
  readonly #unsent = new Map<number, string>();
  readonly #cancelled: number[] = [];
  #isWriting = false;
  #lastId = 0;
  #heardAt = performance.now();
  #begun = "";
  #idle: ReturnType<typeof setTimeout> | undefined;
  #busy: ReturnType<typeof setTimeout> | undefined;
  #hasVersion = false;
  #ready!: () => void;
  #unready!: (error: Error) => void;
  readonly #handshake = new Promise<void>((resolve, reject) => {
    this.#ready = resolve;
    this.#unready = reject;
  });

  readonly #tooLate: string;

  private constructor(readonly conn: Deno.Conn, seconds: number) {
    this.#tooLate = noAnswerWithin(seconds * 1000);
  }

  /**
   * One that has shaken hands.
   *
   * @param seconds for that, and for each answer
   * @throws Error that says why there is none
   */
  static async open(
    address: ServiceAddress,
    seconds: number,
  ): Promise<DovecotConnection> {
    const connecting: Promise<Deno.Conn> = address.transport === "unix"
      ? Deno.connect(address)
      : Deno.connect(address);
    const end = performance.now() + seconds * 1000;
    const why = noAnswerWithin(seconds * 1000);
    let connection: DovecotConnection | undefined;
    try {
      const conn = await inTime(connecting, seconds * 1000, why);
      connection = new DovecotConnection(conn, seconds);
      connection.#start();
      await inTime(connection.#handshake, end - performance.now(), why);
      connection.#expire();
      return connection;
    } catch (error) {
      if (connection) connection.close();
      else connecting.then((conn) => conn.close(), () => {}); // told already
      throw error;
    }
  }

  /** Begins an exchange: its number. */
  begin(): number {
    do {
      this.#lastId = this.#lastId % mostId + 1;
    } while (this.#exchanges.has(this.#lastId));
    this.#exchanges.set(this.#lastId, null);
    clearTimeout(this.#idle);
    return this.#lastId;
  }

  /**
   * Says a line of an exchange, and waits for the answer.
   *
   * @param end of the wait, by performance.now()
   * @throws Error that says why there is none; the exchange is over then
   */
  ask(id: number, line: string, end: number): Promise<Reply> {
    if (this.lost) return Promise.reject(this.lost);
    const early = this.#early.get(id);
    if (early) {
      this.#end(id);
      return Promise.resolve(early);
    }
    return new Promise((resolve, reject) => {
      const since = performance.now();
      const timer = setTimeout(() => {
        reject(new Error(this.#tooLate));
        this.cancel(id);
        // Whoever is asked about one may be slow; about all, he stands still.
        if (this.#heardAt < since) this.retire();
      }, Math.max(0, end - since));
      this.#exchanges.set(id, { since, timer, resolve, reject });
      this.#unsent.set(id, line);
      this.#write();
    });
  }

  /** Gives up an exchange; whoever waits for its answer is not told. */
  cancel(id: number): void {
    if (!this.#exchanges.has(id)) return;
    const isKnown = !this.#unsent.get(id)?.startsWith("AUTH");
    this.#end(id);
    if (!isKnown || this.lost) return;
    this.#cancelled.push(id);
    this.#write();
  }

  /** Leaves; those who wait are told. */
  close(): void {
    this.#lose(new Error("it is not asked any more"));
  }

  #expire(): void {
    this.#busy = setTimeout(() => this.retire(), busySeconds * 1000);
    this.#rest();
  }

  #rest(): void {
    if (this.lost) return;
    this.#idle = setTimeout(() => this.retire(), idleSeconds * 1000);
  }

  /** Nobody begins here any more, and who is here may end. */
  retire(): void {
    this.isRetired = true;
    if (this.#exchanges.size === 0) this.close();
  }

  #end(id: number): void {
    const waiter = this.#exchanges.get(id);
    if (waiter) clearTimeout(waiter.timer);
    this.#exchanges.delete(id);
    this.#early.delete(id);
    this.#unsent.delete(id);
    if (this.#exchanges.size > 0) return;
    if (this.isRetired) this.close();
    else this.#rest();
  }

  #start(): void {
    // Dovecot sends away a second client of one number, and processes in
    // several containers may have the same: nobody's number is a process id.
    const [random] = crypto.getRandomValues(new Uint32Array(1));
    this.#send(greetingLines(1 + random % mostId));
    this.#read();
  }

  #write(): void {
    if (this.#isWriting || this.lost) return;
    let batch = this.#cancelled.splice(0).map(cancelLine).join("");
    for (const [id, line] of this.#unsent) {
      if (batch.length > batchBytes) break;
      batch += line;
      this.#unsent.delete(id);
    }
    if (batch !== "") this.#send(batch);
  }

  async #send(text: string): Promise<void> {
    this.#isWriting = true;
    try {
      for (let rest = toBytes(text); rest.length > 0;) {
        rest = rest.subarray(await this.conn.write(rest));
      }
    } catch (error) {
      return this.#lose(new Error(`it hung up: ${reason(error)}`));
    } finally {
      this.#isWriting = false;
    }
    this.#write();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(readBytes);
    try {
      for (;;) {
        const n = await this.conn.read(buffer);
        if (n === null) return this.#lose(new Error("it hung up"));
        this.#heardAt = performance.now();
        this.#hear(fromBytes(buffer.subarray(0, n)));
        if (this.lost) return;
      }
    } catch (error) {
      this.#lose(new Error(`it hung up: ${reason(error)}`));
    }
  }

  #hear(text: string): void {
    const lines = (this.#begun + text).split("\n");
    this.#begun = lines.pop()!;
    for (const line of lines) {
      const said = readServerLine(line);
      const isOurs = said !== null &&
        (this.#hasVersion || said.type === "version");
      if (!isOurs) return this.#lose(new Error(notTheProtocol));
      this.#take(said);
      if (this.lost) return;
    }
    if (this.#begun.length > lineBytesLimit) {
      this.#lose(new Error(notTheProtocol));
    }
  }

  #take(said: ServerLine): void {
    switch (said.type) {
      case "version":
        if (!speaksOurVersion(said.major)) {
          const what = `it speaks version ${said.major} of its auth protocol`;
          return this.#lose(new Error(`${what}, not 1`));
        }
        this.#hasVersion = true;
        return;
      case "mechanism":
        if (this.offered.length < mostMechanisms) {
          this.offered.push(said.mechanism);
        }
        return;
      case "done":
        return this.#ready();
      case "goOn":
      case "ok":
      case "fail":
        return this.#reply(said);
    }
  }

  #reply(reply: Reply): void {
    const { id } = reply;
    const waiter = this.#exchanges.get(id);
    if (waiter === undefined) return; // it was given up
    if (waiter === null) {
      // A client may be too slow for it; but right he cannot be unheard.
      if (reply.type !== "fail") return this.#lose(new Error(notTheProtocol));
      this.#early.set(id, reply);
      return;
    }
    clearTimeout(waiter.timer);
    if (reply.type === "goOn") this.#exchanges.set(id, null);
    else this.#end(id);
    waiter.resolve(reply);
  }

  #lose(error: Error): void {
    if (this.lost) return;
    this.lost = error;
    const waiters = [...this.#exchanges.values()];
    this.#exchanges.clear();
    this.#early.clear();
    this.#unsent.clear();
    this.#unready(error);
    clearTimeout(this.#idle);
    clearTimeout(this.#busy);
    try {
      this.conn.close();
    } catch {
      // It is closed already.
    }
    for (const waiter of waiters) {
      if (!waiter) continue;
      clearTimeout(waiter.timer);
      waiter.reject(error);
    }
  }
}

/** Numbers of exchanges and clients are unsigned, of 32 bits, and not 0. */
const mostId = 0x7fffffff;
const mostMechanisms = 100;
const notTheProtocol = "it does not speak the protocol of its auth service";
