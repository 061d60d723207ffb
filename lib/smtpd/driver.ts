/**
 * Does what an SMTP session decides: the one place where its actions meet a
 * connection, a delivery target, and whoever is asked.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import type { Message, Target } from "../deliver/target.ts";
import type {
  Action,
  Answer,
  Delivery,
  Inquiry,
  Login,
  Refusal,
} from "../smtp/actions.ts";
import type { Credentials } from "../smtp/sasl.ts";
import type { Session } from "../smtp/session.ts";
import { type Stream, writeAll } from "../base/stream.ts";
import { type Deadline, Deadlines } from "../net/deadlines.ts";

/** Sessions are many, so a buffer is small until a message fills it. */
const smallBufferBytes = 1024;
const largeBufferBytes = 65536;
const bufferGrowth = 4;

/** How long a client that timed out may take to be told so. */
const farewellMs = 1000;

/** How long text may come slower than it should. */
const slowStartMs = 30_000;

const deadlines = new Deadlines();

/** Who does what a session cannot do itself. None of them ever rejects. */
export interface Services {
  readonly target: Target;
  ask(inquiry: Inquiry): Promise<Answer>;
  authenticate(credentials: Credentials): Promise<Login>;
  /** TLS on the stream; null if that did not come about. */
  secure(stream: Stream): Promise<Stream | null>;
}

/** How long a client may take. 0 is for ever. */
export interface Patience {
  /** Without input or output. */
  readonly idleSeconds: number;
  /** For the whole session. */
  readonly sessionSeconds: number;
  /** Bytes a second of message text, on an average. */
  readonly textBytesPerSecond: number;
}

/**
 * Runs a session to its end and closes the stream.
 *
 * @returns the exit code that qmail-smtpd would leave with; rejects if a
 *   message could not be abandoned
 */
export function drive(
  stream: Stream,
  session: Session,
  services: Services,
  patience: Patience,
): Promise<0 | 1> {
  return new Promise((resolve, reject) => {
    const settle = { resolve, reject };
    const driver = new Driver(stream, session, services, patience, settle);
    driver.run().then(resolve, reject);
  });
}

class Driver {
  #message: Message | undefined;
  #replies = "";
  /** Replies are being written. */
  #speaking = false;
  /** The answer to a stored message is among the replies. */
  #acknowledging = false;
  /** The target is taking text, or forgetting it. */
  #delivering = false;
  #idle: Deadline | null = null;
  #exitCode: 0 | 1 | undefined;
  /** The session's time is over, but the target or a policy has the word. */
  #overdue = false;
  /** When the text that comes now began, and its bytes so far. */
  #text: { since: number; bytes: number } | null = null;

  constructor(
    public stream: Stream,
    readonly session: Session,
    readonly services: Services,
    readonly patience: Patience,
    /** Called when time is over: a read of stdin cannot be broken off. */
    readonly expired: {
      resolve(exitCode: 1): void;
      reject(error: unknown): void;
    },
  ) {}

  async run(): Promise<0 | 1> {
    const { idleSeconds, sessionSeconds } = this.patience;
    const expire = () => {
      this.#expire().catch((error) => this.expired.reject(error));
    };
    this.#idle = this.#deadline(idleSeconds, expire);
    const whole = this.#deadline(sessionSeconds, () => {
      this.#overdue = !this.#isClientsTurn;
      if (!this.#overdue) expire();
    });
    let buffer = new Uint8Array(smallBufferBytes);
    try {
      await this.#perform(this.session.start());
      await this.#flush();
      while (this.#exitCode === undefined) {
        this.#idle?.extend();
        const n = await this.stream.read(buffer);
        await this.#perform(
          n === null
            ? this.session.end()
            : this.session.ingest(buffer.subarray(0, n)),
        );
        if (this.#overdue && this.#exitCode === undefined) {
          await this.#expire();
        } else if (this.#isSlow(n ?? 0)) {
          await this.#perform(this.session.timeout());
        }
        await this.#flush();
        if (this.#message && n === buffer.length) {
          const size = Math.min(largeBufferBytes, n * bufferGrowth);
          if (n < size) buffer = new Uint8Array(size);
        } else if (!this.#message && buffer.length > smallBufferBytes) {
          buffer = new Uint8Array(smallBufferBytes);
        }
      }
    } catch {
      // The connection broke (or a deadline closed it).
      if (this.session.waiting !== "closed") {
        this.session.end();
        this.#exitCode ??= 1;
      }
    } finally {
      this.#idle?.clear();
      whole?.clear();
      await this.#end();
    }
    return this.#exitCode ?? 1;
  }

  #deadline(seconds: number, expire: () => void): Deadline | null {
    return seconds === 0 ? null : deadlines.set(seconds, expire);
  }

  async #perform(actions: Action[]): Promise<void> {
    for (let i = 0; i < actions.length; i++) {
      const action = actions[i];
      switch (action.type) {
        case "reply":
          this.#replies += action.text;
          break;
        case "append": {
          const wait = this.#message?.append(action.bytes);
          if (wait) await this.#delivery(wait);
          break;
        }
        case "ask": {
          await this.#acknowledge();
          const answer = await this.services.ask(action.inquiry);
          actions = this.session.answered(answer);
          i = -1;
          break;
        }
        case "authenticate": {
          await this.#acknowledge();
          const login = await this.services.authenticate(action.credentials);
          actions = this.session.authenticated(login);
          i = -1;
          break;
        }
        case "startTls": {
          await this.#flush();
          const secured = await this.services.secure(this.stream);
          if (secured === null) actions = this.session.end();
          else {
            this.stream = secured;
            actions = this.session.encrypted();
          }
          i = -1;
          break;
        }
        case "open": {
          await this.#acknowledge();
          this.#text = null;
          const { envelope, origin } = action;
          const opening = this.services.target.open(envelope, origin);
          const opened = opening instanceof Promise ? await opening : opening;
          if (isRefusal(opened)) actions = this.session.opened(opened);
          else {
            this.#message = opened;
            actions = this.session.opened({ type: "opened" });
          }
          i = -1;
          break;
        }
        case "commit": {
          await this.#acknowledge();
          this.#text = null;
          const message = this.#message!;
          this.#message = undefined;
          actions = this.session.committed(await outcome(message));
          this.#acknowledging = true;
          i = -1;
          break;
        }
        case "abandon":
          await this.#delivery(this.#abandon());
          break;
        case "close":
          this.#exitCode = action.exitCode;
          break;
      }
    }
  }

  /** Whether message text comes slower than it may, after so many more bytes. */
  #isSlow(bytes: number): boolean {
    const { textBytesPerSecond } = this.patience;
    if (textBytesPerSecond === 0 || !this.session.inText) {
      this.#text = null;
      return false;
    }
    const now = performance.now();
    this.#text ??= { since: now, bytes: 0 };
    this.#text.bytes += bytes;
    const allowedMs = this.#text.bytes / textBytesPerSecond * 1000;
    return now - this.#text.since > slowStartMs + allowedMs;
  }

  /** Waits for the target, at its expense and not the client's. */
  async #delivery(wait: Promise<void>): Promise<void> {
    const since = performance.now();
    this.#delivering = true;
    await wait;
    this.#delivering = false;
    if (this.#text) this.#text.since += performance.now() - since;
  }

  /**
   * Before anything that may take long: a client that does not hear of a
   * message that is stored sends it again (RFC 2920 3.2).
   */
  async #acknowledge(): Promise<void> {
    if (this.#acknowledging) await this.#flush();
  }

  async #flush(): Promise<void> {
    this.#acknowledging = false;
    if (this.#replies === "") return;
    this.#idle?.extend();
    const bytes = toBytes(this.#replies);
    this.#replies = "";
    this.#speaking = true;
    await writeAll(this.stream, bytes);
    this.#speaking = false;
  }

  /** Whether the client is to say something, or to hear what is said. */
  get #isClientsTurn(): boolean {
    if (this.#speaking) return true;
    return this.session.waiting === "input" && !this.#delivering;
  }

  async #abandon(): Promise<void> {
    const message = this.#message;
    this.#message = undefined;
    await message?.abandon();
  }

  /** Says so, if the client still listens, and closes. */
  async #expire(): Promise<void> {
    if (!this.#isClientsTurn) return;
    this.#exitCode = 1;
    let farewell = this.#replies;
    this.#replies = "";
    for (const action of this.session.timeout()) {
      if (action.type === "reply") farewell += action.text;
    }
    await Promise.race([
      writeAll(this.stream, toBytes(farewell)).catch(() => {}),
      new Promise((over) => setTimeout(over, farewellMs)),
    ]);
    await this.#end();
    this.expired.resolve(1);
  }

  async #end(): Promise<void> {
    try {
      await this.#abandon();
    } finally {
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    try {
      await this.stream.close();
    } catch {
      // It was closed already.
    }
  }
}

function isRefusal(value: Message | Refusal): value is Refusal {
  return "type" in value;
}

/** A target that throws has not stored anything it could vouch for. */
async function outcome(message: Message): Promise<Delivery> {
  try {
    return await message.commit();
  } catch {
    return {
      type: "later",
      code: 451,
      enhanced: "4.3.0",
      text: "unable to store the message",
    };
  }
}
