/**
 * rblsmtpd's own SMTP, for a client that is blocked: everything is fine until
 * it names a recipient.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import type { Activity, Ending, Serving } from "../base/protocol.ts";
import type { Receiver, Stream } from "../base/stream.ts";

const name = "rblsmtpd.local";
const accepted = ["helo", "ehlo", "mail", "rset", "noop"];
/** How long a client that is left at once may take to hear why. */
const farewellSeconds = 1;
/** No verb is longer; of others nobody wants to know more. */
const verbBytes = 5;
const readBytes = 1024;
const LF = 10, blank = 32;

/**
 * Answers until the client leaves, or its time is over.
 *
 * @param reply what a recipient is told, without its CR LF
 * @param seconds that it has; 0: it is told at once, and left
 */
export function refuse(
  stream: Stream,
  reply: string,
  seconds: number,
  ending: Ending,
): Serving {
  return new Refusal(stream, reply, seconds, ending);
}

class Refusal implements Receiver, Serving {
  readonly activity: Activity = {
    helo: null,
    doing: "hears that it is listed",
  };
  #verb = "";
  #isVerbOver = false;
  #isLeaving = false;
  #isOver = false;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(
    readonly stream: Stream,
    readonly reply: string,
    seconds: number,
    readonly ending: Ending,
  ) {
    stream.readBytes = readBytes;
    stream.open(this);
    this.#timer = setTimeout(
      () => this.stop(),
      timerMs(seconds || farewellSeconds),
    );
    if (seconds === 0) this.#leaveWith(reply);
    else this.#say(`220 ${name}`);
  }

  received(bytes: Uint8Array<ArrayBuffer>): void {
    for (const byte of bytes) {
      if (this.#isLeaving) return;
      if (byte === LF) this.#answer();
      else if (byte === blank) this.#isVerbOver = true;
      else if (!this.#isVerbOver && this.#verb.length <= verbBytes) {
        this.#verb += String.fromCharCode(byte);
      }
    }
  }

  ended(): void {
    this.stop();
  }

  drained(): void {
    if (this.#isLeaving) this.#linger();
  }

  /** Without a word, as rblsmtpd leaves. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.stream.close();
    this.ending.ended(0);
  }

  #answer(): void {
    const verb = this.#isVerbOver ? this.#verb : this.#verb.replace(/\r$/, "");
    this.#verb = "";
    this.#isVerbOver = false;
    const known = verb.toLowerCase();
    if (known === "quit") this.#leaveWith(`221 ${name}`);
    else this.#say(accepted.includes(known) ? `250 ${name}` : this.reply);
  }

  #say(line: string): void {
    this.stream.write(toBytes(`${line}\r\n`));
  }

  #leaveWith(line: string): void {
    this.#isLeaving = true;
    this.#say(line);
    if (this.stream.unsent === 0) this.#linger();
  }

  /** When the client has taken the last reply, or its time is over. */
  #linger(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.stream.linger(() => this.ending.ended(0));
  }
}

/** A timer of the runtime takes no more. */
const timerMs = (seconds: number) => Math.min(seconds * 1000, 2 ** 31 - 1);
