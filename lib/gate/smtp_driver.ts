/**
 * Does what an SMTP session decides: the one place where its actions meet a
 * connection and a delivery target.
 *
 * @module
 */
import { toBytes } from "../bytes.ts";
import type { Message, Target } from "../deliver/target.ts";
import type { Action, Delivery, Refusal } from "../smtp/actions.ts";
import type { Session } from "../smtp/session.ts";
import { Deadlines } from "./deadlines.ts";

export interface Stream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Sessions are many, so a buffer is small until a message fills it. */
const smallBufferBytes = 2048;
const largeBufferBytes = 65536;

/** How long a client that timed out may take to be told so. */
const farewellMs = 1000;

const deadlines = new Deadlines();

/**
 * Runs a session to its end and closes the stream.
 *
 * @param timeoutSeconds without input or output, then the session is ended
 * @returns the exit code that qmail-smtpd would leave with
 */
export function drive(
  stream: Stream,
  session: Session,
  target: Target,
  timeoutSeconds: number,
): Promise<0 | 1> {
  return new Promise((resolve) => {
    const driver = new Driver(stream, session, target, resolve);
    driver.run(timeoutSeconds).then(resolve);
  });
}

class Driver {
  #message: Message | undefined;
  #replies = "";
  #exitCode: 0 | 1 | undefined;

  constructor(
    readonly stream: Stream,
    readonly session: Session,
    readonly target: Target,
    /** Called when time is over: a read of stdin cannot be broken off. */
    readonly expired: (exitCode: 1) => void,
  ) {}

  async run(timeoutSeconds: number): Promise<0 | 1> {
    const deadline = deadlines.set(timeoutSeconds, () => this.#expire());
    let buffer = new Uint8Array(smallBufferBytes);
    try {
      await this.#perform(this.session.start());
      await this.#flush();
      while (this.#exitCode === undefined) {
        deadline.extend();
        const n = await this.stream.read(buffer);
        await this.#perform(
          n === null
            ? this.session.end()
            : this.session.ingest(buffer.subarray(0, n)),
        );
        await this.#flush();
        if (this.#message && n === buffer.length) {
          if (n < largeBufferBytes) buffer = new Uint8Array(largeBufferBytes);
        } else if (!this.#message && buffer.length > smallBufferBytes) {
          buffer = new Uint8Array(smallBufferBytes);
        }
      }
    } catch {
      // The connection broke (or the deadline closed it).
      if (this.session.waiting !== "closed") {
        this.session.end();
        this.#exitCode ??= 1;
      }
    } finally {
      deadline.clear();
      await this.#abandon();
      this.#close();
    }
    return this.#exitCode ?? 1;
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
          if (wait) await wait;
          break;
        }
        case "open": {
          const opening = this.target.open(action.envelope);
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
          const message = this.#message!;
          this.#message = undefined;
          actions = this.session.committed(await outcome(message));
          i = -1;
          break;
        }
        case "abandon":
          await this.#abandon();
          break;
        case "close":
          this.#exitCode = action.exitCode;
          break;
      }
    }
  }

  async #flush(): Promise<void> {
    if (this.#replies === "") return;
    let bytes = toBytes(this.#replies);
    this.#replies = "";
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.stream.write(bytes));
    }
  }

  async #abandon(): Promise<void> {
    const message = this.#message;
    this.#message = undefined;
    await message?.abandon();
  }

  /** Says so, if the client still listens, and closes. */
  async #expire(): Promise<void> {
    if (this.session.waiting !== "input") return; // the target's time is its own
    this.#exitCode = 1;
    let farewell = "";
    for (const action of this.session.timeout()) {
      if (action.type === "reply") farewell += action.text;
    }
    await Promise.race([
      this.stream.write(toBytes(farewell)).catch(() => {}),
      new Promise((over) => setTimeout(over, farewellMs)),
    ]);
    await this.#abandon();
    this.#close();
    this.expired(1);
  }

  #close(): void {
    try {
      this.stream.close();
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
