/**
 * A program behind pipes, and what stands between it and its client: how
 * recordio and fixcrio run PROGRAM.
 *
 * @module
 */
import type { Receiver, Stream } from "../base/stream.ts";
import { whenEnded } from "../sys/children.ts";
import {
  closeDescriptor,
  doNotBlock,
  pipe,
  readNow,
  releaseStdinAndStdout,
  writeSome,
} from "../sys/descriptors.ts";
import { EPOLLHUP, EPOLLIN, EPOLLOUT } from "../sys/epoll.ts";
import { eventLoop } from "../sys/event_loop.ts";
import { spawn } from "../sys/spawn.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const readBytes = 4096;

/** Signals that whoever started us means for PROGRAM. */
const passedOn: readonly Deno.Signal[] = [
  ...["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGALRM"] as const,
  ...["SIGUSR1", "SIGUSR2", "SIGCONT"] as const,
];

/**
 * Runs a program to its end.
 *
 * @param client whose bytes it gets
 * @param isGone tells whether it takes no bytes any more
 * @param program path and arguments as byte strings, environment as entries
 * @returns its raw wait status
 * @throws SystemError when it cannot be executed
 */
export function runBetween(
  client: Stream,
  isGone: () => boolean,
  program: {
    readonly path: string;
    readonly args: readonly string[];
    readonly env: readonly string[];
  },
): Promise<number> {
  const input = pipe(), output = pipe();
  let pid: number;
  try {
    pid = spawn({
      ...program,
      descriptors: [[input.read, 0], [output.write, 1]],
    });
  } finally {
    closeDescriptor(input.read);
    closeDescriptor(output.write);
  }
  for (const signal of passedOn) {
    Deno.addSignalListener(signal, () => {
      try {
        Deno.kill(pid, signal);
      } catch {
        // It has ended, or is another user's by now.
      }
    });
  }
  return new Promise((resolve) => {
    const ends = new Set(["program", "output"]);
    let status = 0;
    const over = (what: string) => {
      ends.delete(what);
      if (ends.size === 0) resolve(status);
    };
    new Between(client, isGone, input.write, output.read, () => over("output"));
    whenEnded(pid, (waitStatus) => {
      status = waitStatus;
      over("program");
    });
  });
}

class Between implements Receiver {
  /** What the program has not taken yet. */
  #waiting: Bytes | null = null;
  #hasEnded = false;
  #isReading = true;

  /** @param over is told when all its output has gone to the client */
  constructor(
    readonly client: Stream,
    readonly isGone: () => boolean,
    public input: number,
    readonly output: number,
    readonly over: () => void,
  ) {
    doNotBlock(input);
    doNotBlock(output);
    client.readBytes = readBytes;
    client.open(this);
    this.#watchOutput();
  }

  received(bytes: Bytes): void {
    if (this.input < 0) return; // it wants no more
    this.#feed(bytes);
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#waiting === null) this.#closeInput();
  }

  /** The client has taken all. */
  drained(): void {
    if (!this.#isReading) return this.#leave();
    if (!this.isGone()) return this.#watchOutput();
    closeDescriptor(this.output); // the program hears that nobody listens
    this.#leave();
  }

  #feed(bytes: Bytes): void {
    const taken = writeSome(this.input, bytes);
    if (taken === "gone") return this.#closeInput();
    if (taken === bytes.length) return;
    this.#waiting = bytes.slice(taken);
    this.client.paused = true;
    eventLoop.add(this.input, EPOLLOUT, {
      ready: () => this.#feedMore(),
      what: () => "a program's input",
    });
  }

  #feedMore(): void {
    const waiting = this.#waiting!;
    const taken = writeSome(this.input, waiting);
    if (taken === "gone") return this.#closeInput();
    this.#waiting = waiting.subarray(taken);
    if (this.#waiting.length > 0) return;
    this.#waiting = null;
    eventLoop.remove(this.input);
    if (this.#hasEnded) this.#closeInput();
    else this.client.paused = false;
  }

  #closeInput(): void {
    if (this.input < 0) return;
    const { input } = this;
    this.input = -1;
    this.#waiting = null;
    eventLoop.close(input);
    this.client.paused = false; // its end, at least, is worth knowing
  }

  #watchOutput(): void {
    eventLoop.add(this.output, EPOLLIN, {
      ready: (events) => this.#takeOutput(events),
      what: () => "a program's output",
    });
  }

  #takeOutput(events: number): void {
    const bytes = readNow(this.output, readBytes);
    if (bytes.length > 0) {
      this.client.write(bytes);
      if (this.client.unsent > 0) eventLoop.remove(this.output);
    } else if ((events & EPOLLHUP) !== 0) {
      this.#isReading = false;
      eventLoop.close(this.output);
      if (this.client.unsent === 0) this.#leave();
    }
  }

  #leave(): void {
    this.#closeInput();
    this.client.close();
    releaseStdinAndStdout();
    this.over();
  }
}
