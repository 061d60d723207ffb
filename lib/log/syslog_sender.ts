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

/**
 * Keeps what cannot be sent, and tries again. A syslogd that is there and
 * stands still is waited for.
 */
export class SyslogSender {
  #sender: UnixSender | null = null;
  #waiting: string[] = [];
  #triedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Everything here, one after the other: messages keep their order. */
  #last = Promise.resolve();

  /** @param path of syslogd's socket */
  constructor(readonly path: string) {}

  /** Resolves when the message is sent, or kept while there is no syslogd. */
  send(text: string): Promise<void> {
    return this.#last = this.#last.then(async () => {
      this.#waiting.push(text);
      if (this.#waiting.length > waitingLimit) this.#waiting.shift();
      await this.#drain(false);
    });
  }

  /** A last try; false if something is lost. */
  async close(): Promise<boolean> {
    await this.#tryAgain();
    clearTimeout(this.#timer);
    return this.#waiting.length === 0;
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
        while (this.#waiting.length > 0) {
          const message = new TextEncoder().encode(this.#waiting[0]);
          await this.#sender.deliver(message);
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

/** It is there, but takes no streams now. */
const isForNow = (error: unknown) =>
  error instanceof SystemError && error.code === "EAGAIN";
