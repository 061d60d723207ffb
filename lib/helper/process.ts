/**
 * One helper process, from its start to its end.
 *
 * @module
 */
import { whenEnded } from "../sys/children.ts";
import { Channel } from "./channel.ts";
import { type Frame, IDLE, Nonsense } from "./frames.ts";
import type { Started } from "./role.ts";

/** What a helper may say at once. */
const mostBytes = 65_536;
/** For it to be ready; it may have to be read from a slow disk. */
const startSeconds = 30;

export interface Owner {
  /** Only while it works. @throws Nonsense, which ends it */
  heard(frame: Frame): void;
  /** @param why null if it was dismissed */
  ended(why: string | null): void;
}

export class HelperProcess {
  readonly #pid: number;
  readonly #channel: Channel;
  #timer: ReturnType<typeof setTimeout>;
  /** It has said that it is done with what it was sent last. */
  isIdle = false;
  /** It has come so far that it could be asked. */
  wasReady = false;
  #hasEnded = false;
  readonly gone: Promise<void>;
  #why: string | null = null;

  constructor({ pid, channel }: Started, readonly owner: Owner) {
    this.#pid = pid;
    this.#timer = this.#within(startSeconds);
    this.#channel = new Channel(channel, mostBytes, {
      heard: (frame) => this.#heard(frame),
      lost: (error) =>
        this.end(error ? `speaks nonsense: ${error.message}` : null),
    });
    this.gone = new Promise((resolve) =>
      whenEnded(pid, (status) => {
        this.#ended(status);
        resolve();
      })
    );
  }

  send(frame: Frame, seconds: number): void {
    this.isIdle = false;
    this.#timer = this.#within(seconds);
    this.#channel.send(frame);
  }

  /** Ends it at once. @param why what is to be told, if not how it ended */
  end(why: string | null): void {
    if (this.#hasEnded) return;
    this.#why ??= why;
    this.#leave();
    try {
      Deno.kill(this.#pid, "SIGKILL"); // ours until it was waited for
    } catch {
      // It is another user's now, and ends when it reads the channel's end.
    }
  }

  /** Lets it end: it is not needed any more. */
  dismiss(): void {
    this.#why ??= dismissed;
    this.#leave();
  }

  #leave(): void {
    this.isIdle = false;
    clearTimeout(this.#timer);
    this.#channel.close();
  }

  #within(seconds: number) {
    const late = () => this.end(`took longer than ${seconds} seconds`);
    return setTimeout(late, seconds * 1000);
  }

  #heard(frame: Frame): void {
    if (this.isIdle) throw new Nonsense("unasked");
    if (frame.kind === IDLE) {
      this.isIdle = this.wasReady = true;
      clearTimeout(this.#timer);
    } else if (!this.wasReady) throw new Nonsense("before it was ready");
    this.owner.heard(frame);
  }

  #ended(status: number): void {
    this.#hasEnded = true;
    this.#leave();
    const why = this.#why ?? endings[status] ?? `ended with status ${status}`;
    this.owner.ended(why === dismissed ? null : why);
  }
}

/** By wait status: those that are meant. */
const endings: Record<number, string> = {
  0: "ended, since most of its memory was taken",
  27: "took too much of the processor", // SIGPROF (restraint.ts)
};

const dismissed = "is not needed any more";
