/**
 * Sending to syslogd, who may not be there for a while.
 *
 * @module
 */
import { UnixSender } from "../sys/datagram.ts";
import { SystemError } from "../sys/libc.ts";

/** Messages that wait while there is no syslogd; past it the oldest go. */
const waitingLimit = 4096;
const retryMs = 1000;

interface Waiting {
  readonly text: string;
  /** Whether it goes on with the line of the one before. */
  readonly isLater: boolean;
}

/**
 * Keeps what cannot be sent, and tries again. A syslogd that is there and
 * stands still is waited for.
 */
export class SyslogSender {
  #sender: UnixSender | null = null;
  #waiting: Waiting[] = [];
  /** Lines of which nothing is kept any more, or not all. */
  #lost = 0;
  #triedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Everything here, one after the other: messages keep their order. */
  #last = Promise.resolve();

  /**
   * @param path of syslogd's socket
   * @param lostMessage what syslogd is told of lines that were lost, before
   *   those that came after them
   */
  constructor(
    readonly path: string,
    readonly lostMessage: (count: number) => string,
  ) {}

  /**
   * Resolves when the message is sent, or kept while there is no syslogd.
   *
   * @param isLater whether it goes on with the line of the one before
   */
  send(text: string, isLater = false): Promise<void> {
    return this.#last = this.#last.then(async () => {
      this.#waiting.push({ text, isLater });
      if (this.#waiting.length > waitingLimit) this.#dropLine();
      await this.#drain(false);
    });
  }

  /** A last try. @returns how many lines are lost without syslogd knowing */
  async close(): Promise<number> {
    await this.#tryAgain();
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0) this.#dropLine();
    return this.#lost;
  }

  /** All that is kept of the oldest. */
  #dropLine(): void {
    // Of one that is cut, the beginning was lost already, or was sent.
    if (!this.#waiting[0].isLater || this.#lost === 0) this.#lost++;
    do this.#waiting.shift(); while (this.#waiting[0]?.isLater);
  }

  #tryAgain(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#last = this.#last.then(() => this.#drain(true));
  }

  async #drain(now: boolean): Promise<void> {
    const hopeless = this.#sender === null &&
      performance.now() - this.#triedAt < retryMs;
    if (hopeless && !now) return;
    // Twice: a syslogd that was restarted is told by the first failure.
    for (let failures = 0; failures < 2;) {
      try {
        this.#sender ??= new UnixSender(this.path);
        if (this.#lost > 0) {
          await deliver(this.#sender, this.lostMessage(this.#lost));
          this.#lost = 0;
        }
        while (this.#waiting.length > 0) {
          await deliver(this.#sender, this.#waiting[0].text);
          this.#waiting.shift();
        }
        return;
      } catch (error) {
        this.#sender?.close();
        this.#sender = null;
        if (!isForNow(error)) failures++;
        else await new Promise((over) => setTimeout(over, retryMs));
      }
    }
    this.#triedAt = performance.now();
    this.#timer ??= setTimeout(() => this.#tryAgain(), retryMs);
  }
}

const deliver = (sender: UnixSender, text: string) =>
  sender.deliver(new TextEncoder().encode(text));

/** It is there, but takes no streams now. */
const isForNow = (error: unknown) =>
  error instanceof SystemError && error.code === "EAGAIN";
