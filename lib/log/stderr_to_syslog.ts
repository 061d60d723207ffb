/**
 * stderr where it is the client's connection, as inetd has it: what would be
 * said there goes to syslog, as through splogger.
 *
 * @module
 */
import { UnixSender } from "../sys/datagram.ts";
import {
  isClientsStderr,
  leadStderrTo,
  silenceStderr,
} from "../sys/stderr_descriptor.ts";
import { LogLines, rfc3164 } from "./syslog.ts";

const socketPath = "/dev/log";
const mailFacility = 2;
/** A syslogd that stands still holds a session up no longer than this. */
const patienceMs = 1000, pauseMs = 20;

/**
 * Leads stderr elsewhere if it is a client's. What the runtime says when it
 * breaks down, and what children say, goes to syslog as it is.
 *
 * @param serves whether descriptors 0 and 1 are a client's in this process
 */
export function keepStderrFromClient(serves: boolean): void {
  if (!isClientsStderr(serves)) return;
  silenceStderr();
  const log = new SyslogStderr();
  // Everybody who says something has this one object in common.
  Deno.stderr.writeSync = (bytes) => log.write(bytes);
  Deno.stderr.write = (bytes) => Promise.resolve(log.write(bytes));
}

class SyslogStderr {
  readonly #lines = new LogLines(() => Date.now());
  #sender: UnixSender | null = null;
  /** It was waited for in vain. */
  #isStuck = false;

  constructor() {
    this.#connect();
  }

  write(bytes: Uint8Array): number {
    for (const message of this.#lines.feed(bytes)) {
      const text = rfc3164(message, mailFacility, `postern[${Deno.pid}]`);
      this.#send(new TextEncoder().encode(text));
    }
    return bytes.length;
  }

  #send(message: Uint8Array): void {
    // Twice: a syslogd that was restarted is told by the first failure.
    for (let tries = 0; tries < 2; tries++) {
      if (this.#sender === null && !this.#connect()) return;
      if (this.#isTaken(this.#sender!, message)) return;
    }
  }

  /** Waits a little for it. @returns false when nobody is there */
  #isTaken(sender: UnixSender, message: Uint8Array): boolean {
    const until = performance.now() + (this.#isStuck ? 0 : patienceMs);
    for (;;) {
      try {
        sender.send(message);
        this.#isStuck = false;
        return true;
      } catch (error) {
        if ((error as { code?: string }).code !== "EAGAIN") break;
        this.#isStuck = performance.now() > until;
        if (this.#isStuck) return true; // it is lost: nobody else hears of it
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
      }
    }
    sender.close();
    this.#sender = null;
    return false;
  }

  #connect(): boolean {
    try {
      this.#sender = new UnixSender(socketPath);
      leadStderrTo(this.#sender.fd);
      return true;
    } catch {
      return false; // no syslogd: silence, since the client must not hear it
    }
  }
}
