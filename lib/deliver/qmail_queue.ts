/**
 * Hands messages to a qmail-queue program: the message on its fd 0, the
 * envelope on its fd 1, and its exit code is the answer (qmail-queue(8)). With
 * code 82 it may give a reason of its own on fd 6 (notqmail's qmail.c).
 *
 * @module
 */
import type {
  Delivery,
  Envelope,
  Message,
  Refusal,
  Submitter,
  Target,
} from "./target.ts";
import type { TargetRow } from "./target_row.ts";
import { type Emit, trouble } from "../base/events.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";
import { fromBytes, textOf, toBytes } from "../base/bytes.ts";
import { absolutePath } from "../base/path.ts";
import { reason } from "../base/reason.ts";
import {
  closeDescriptor,
  doNotBlock,
  pipe,
  readNow,
  writeSome,
} from "../sys/descriptors.ts";
import { waitFor } from "../sys/children.ts";
import { PipeRest } from "../sys/pipe_rest.ts";
import { ConfinedError, spawn } from "../sys/spawn.ts";

/**
 * A program that takes no byte, or does not end, for so long is ended: the
 * client waits no longer for an answer (RFC 5321 4.5.3.2.6).
 */
const usualPatienceMs = 600_000;
/** Between asking it to end and ending it; and to end after an abandon. */
const graceMs = 5000;
/** A full pipe is tried again after 1 ms, then twice as long each time. */
const longestPauseMs = 50;
/** What qmail-smtpd reads of a reason. */
const reasonBytes = 255;

/** Without a path the session's QMAILQUEUE decides. */
export const qmailQueueRow: TargetRow = {
  name: "qmail-queue",
  usage: "qmail-queue[:PATH]",
  fromFolder: absolutePath,
  read(path) {
    if (path === "") throw new Error("a path is wanted after the colon");
    return ({ queueProgram, emit }) => {
      const pathFor = (env: ProgramEnvironment) =>
        path ?? env.get("QMAILQUEUE") ?? queueProgram;
      return {
        ...qmailQueue(({ env }) => pathFor(env), usualPatienceMs, emit),
        reach: (env) => ({
          programs: [{
            named: "the queue program",
            path: textOf(pathFor(env)),
          }],
        }),
        async problems(env) {
          const { whyNotRunnable } = await import("../ucspi/runnable.ts");
          const program = textOf(pathFor(env));
          const why = whyNotRunnable(program);
          return why === null ? [] : [`unable to run ${program}: ${why}`];
        },
      };
    };
  },
};

/** Three pipes and the process, which is waited for by a descriptor. */
const descriptors = 4;

/**
 * A program that is started for each message, in the session's environment.
 *
 * @param pathFor tells which
 * @param patienceMs how long it may take no byte, or not end
 * @param emit is told of troubles
 */
export function qmailQueue(
  pathFor: (submitter: Submitter) => string,
  patienceMs = usualPatienceMs,
  emit: Emit = () => {},
): Target {
  return {
    descriptors,
    takesAll: true,
    // What is behind it expects lines, and its qmail-remote no SMTPUTF8.
    takesBinary: false,
    takesUtf8: false,
    open: (envelope, submitter) =>
      open(
        pathFor(submitter),
        submitter.env.entries(),
        envelope,
        patienceMs,
        emit,
      ),
  };
}

const later = (enhanced: string, text: string): Refusal => ({
  type: "later",
  code: 451,
  enhanced,
  text,
});

/** What is on our side of the pipes, which never block. */
interface Ends {
  readonly message: number;
  readonly envelope: number;
  readonly reason: number;
}

function open(
  path: string,
  env: readonly string[],
  envelope: Envelope,
  patienceMs: number,
  emit: Emit,
): Message | Refusal {
  const pipes: { read: number; write: number }[] = [];
  let ours: Ends | undefined;
  try {
    for (let i = 0; i < 3; i++) pipes.push(pipe());
    const [message, addresses, reason] = pipes;
    const pid = spawn({
      path,
      args: [path],
      env,
      descriptors: [[message.read, 0], [addresses.read, 1], [reason.write, 6]],
    });
    ours = {
      message: message.write,
      envelope: addresses.write,
      reason: reason.read,
    };
    Object.values(ours).forEach(doNotBlock);
    return new QueueMessage(pid, ours, envelope, patienceMs, (text) => {
      emit(trouble(`${path} ${text}`));
    });
  } catch (error) {
    if (error instanceof ConfinedError) {
      emit(trouble(`unable to run ${path}: ${error.message}`));
      return later("4.3.0", "unable to exec qq");
    }
    return isOfTheProgram(error)
      ? notExecutable
      : later("4.3.0", "qqt failure");
  } finally {
    const kept = ours ? Object.values(ours) : [];
    for (const fd of pipes.flatMap(({ read, write }) => [read, write])) {
      if (!kept.includes(fd)) closeDescriptor(fd);
    }
  }
}

/** That it cannot be executed is found out by qmail's child, after the 354. */
function isOfTheProgram(error: unknown): boolean {
  const { code } = error as { code?: string };
  return ["ENOENT", "EACCES", "ENOEXEC", "ENOTDIR", "EISDIR", "ELOOP"]
    .includes(code ?? "");
}

const notExecutable: Message = {
  append() {},
  commit: () => later("4.3.0", "unable to exec qq"),
  abandon() {},
};

class QueueMessage implements Message {
  readonly #ended: Promise<number>;
  #hasEnded = false;
  /** Not all bytes were taken. */
  #broken = false;
  #over = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timedOut = false;

  constructor(
    readonly pid: number,
    readonly ends: Ends,
    readonly envelope: Envelope,
    readonly patienceMs: number,
    readonly tell: (trouble: string) => void,
  ) {
    this.#ended = waitFor(pid).then((status) => {
      this.#hasEnded = true;
      clearTimeout(this.#timer);
      return status;
    });
  }

  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    // A program that stopped reading tells why by its exit code.
    if (this.#broken || this.#over) return;
    return this.#write(this.ends.message, bytes);
  }

  async commit(): Promise<Delivery> {
    const { message, envelope, reason: reasonEnd } = this.ends;
    const rests = [this.#close(message)];
    const { sender, recipients } = this.envelope;
    const addresses = `F${sender}\0` +
      recipients.map((recipient) => `T${recipient}\0`).join("") + "\0";
    if (!this.#broken) await this.#write(envelope, toBytes(addresses));
    this.#over = true;
    rests.push(this.#close(envelope));
    this.#endAfter(this.patienceMs);
    const status = await this.#ended;
    this.#look(status, rests);
    const said = fromBytes(readNow(reasonEnd, reasonBytes));
    closeDescriptor(reasonEnd);
    if (this.#timedOut) return later(...texts[52]);
    return delivery(status, this.pid, said.split("\0", 1)[0], this.#broken);
  }

  /**
   * An envelope that ends early makes the program fail and store nothing. Its
   * end is waited for: a session has one queue program at a time, however many
   * messages are too big.
   */
  async abandon(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    Object.values(this.ends).forEach(closeDescriptor);
    this.#endAfter(graceMs);
    await this.#ended;
  }

  /**
   * Closes what has been written, and keeps an eye on whether it is read: one
   * descriptor for another, and never two within the process for long.
   */
  #close(fd: number): PipeRest | null {
    try {
      return this.#broken ? null : new PipeRest(fd);
    } catch (error) {
      // Nobody could say later whether it was read.
      this.tell(`cannot be watched: ${reason(error)}`);
      this.#broken = true;
      return null;
    } finally {
      closeDescriptor(fd);
    }
  }

  /**
   * A pipe takes 64 kB that nobody reads: who is content without having read
   * all has not stored it.
   */
  #look(status: number, rests: readonly (PipeRest | null)[]): void {
    const left = rests.reduce((sum, rest) => sum + (rest?.take() ?? 0), 0);
    if (left === 0) return;
    this.#broken = true;
    if (status !== 0) return; // it says itself that it has failed
    this.tell("ended with 0, but has not read all of message and envelope");
  }

  async #write(fd: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let pauseMs = 1, waitedMs = 0;
    while (bytes.length > 0 && !this.#over) {
      const taken = writeSome(fd, bytes);
      if (taken === "gone") {
        this.#broken = true;
        return;
      }
      if (taken > 0) {
        bytes = bytes.subarray(taken);
        pauseMs = 1;
        waitedMs = 0;
        continue;
      }
      if (waitedMs >= this.patienceMs) {
        this.#broken = true;
        this.#end();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      waitedMs += pauseMs;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  #endAfter(milliseconds: number): void {
    if (this.#hasEnded) return;
    this.#timer = setTimeout(() => this.#end(), milliseconds);
    Deno.unrefTimer(this.#timer);
  }

  #end(): void {
    this.#timedOut = true;
    this.#signal("SIGTERM");
    this.#timer = setTimeout(() => this.#signal("SIGKILL"), graceMs);
  }

  #signal(signal: Deno.Signal): void {
    if (this.#hasEnded) return;
    try {
      Deno.kill(this.pid, signal);
    } catch {
      // It has just ended, or is another user's now.
    }
  }
}

/** Text and enhanced status by exit code (qmail.c's table, qmail-queue(8)). */
const texts: Record<number, [enhanced: string, text: string]> = {
  11: ["5.1.3", "envelope address too long for qq"],
  31: ["5.3.0", "mail server permanently rejected message"],
  51: ["4.3.0", "qq out of memory"],
  52: ["4.3.0", "qq timeout"],
  53: ["4.3.0", "qq write error or disk full"],
  54: ["4.3.0", "qq read error"],
  55: ["4.3.0", "qq unable to read configuration"],
  56: ["4.3.0", "qq trouble making network connection"],
  61: ["4.3.0", "qq trouble in home directory"],
  62: ["4.3.0", "qq trouble creating files in queue"],
  63: ["4.3.0", "qq trouble creating files in queue"],
  64: ["4.3.0", "qq trouble creating files in queue"],
  65: ["4.3.0", "qq trouble creating files in queue"],
  66: ["4.3.0", "qq trouble creating files in queue"],
  71: ["4.3.0", "mail server temporarily rejected message"],
  72: ["4.4.1", "connection to mail server timed out"],
  73: ["4.4.1", "connection to mail server rejected"],
  74: ["4.4.2", "communication with mail server failed"],
  81: ["4.3.0", "qq internal bug"],
  91: ["4.3.0", "qq internal bug"],
  115: ["5.1.3", "envelope address too long for qq"],
  120: ["4.3.0", "unable to exec qq"],
};

/**
 * What a raw wait status of the queue program means.
 *
 * @param reason what it said on fd 6: `D` or `Z`, then a text
 * @param unread it did not take all that was written
 */
export function delivery(
  status: number,
  pid: number,
  reason = "",
  unread = false,
): Delivery {
  if ((status & 0x7f) !== 0) return later("4.3.0", "qq crashed");
  let exitCode = (status >> 8) & 0xff;
  if (exitCode === 82 && reason.length > 2) return ownReason(reason);
  if (exitCode === 0) {
    if (!unread) return { type: "stored", id: String(pid) };
    exitCode = 54;
  }
  const known = texts[exitCode];
  if (known?.[0].startsWith("4")) return later(...known);
  if (known || (exitCode >= 11 && exitCode <= 40)) {
    const [enhanced, text] = known ?? ["5.3.0", "qq permanent problem"];
    return { type: "never", code: 554, enhanced, text };
  }
  return later("4.3.0", "qq temporary problem");
}

/** Its status, if it has one, stands at its end as in qmail's own texts. */
function ownReason(reason: string): Refusal {
  const found = / \(#([245]\.\d{1,3}\.\d{1,3})\)$/.exec(reason);
  const text = reason.slice(1, found?.index);
  const enhanced = found?.[1] ?? "";
  return reason.startsWith("D")
    ? { type: "never", code: 554, enhanced, text }
    : later(enhanced, text);
}
