/**
 * Hands messages to a qmail-queue program: the message on its fd 0, the
 * envelope on its fd 1, and its exit code is the answer (qmail-queue(8)).
 *
 * @module
 */
import type { Delivery, Envelope, Message, Refusal, Target } from "./target.ts";
import { toBytes } from "../bytes.ts";
import { closeDescriptor, pipe, writeAll } from "../posix/descriptors.ts";
import { spawn, waitFor } from "../posix/spawn.ts";

/**
 * @param path the program
 * @param env tells its environment, NAME=VALUE byte strings
 */
export function qmailQueue(
  path: string,
  env: () => readonly string[],
): Target {
  return {
    // What is behind it expects lines, and its qmail-remote no SMTPUTF8.
    takesBinary: false,
    takesUtf8: false,
    open: (envelope) => open(path, env(), envelope),
  };
}

const notStarted: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.3.0",
  text: "qqt failure",
};

function open(
  path: string,
  env: readonly string[],
  envelope: Envelope,
): Message | Refusal {
  let message, addresses;
  try {
    message = pipe();
    addresses = pipe();
    const pid = spawn({
      path,
      args: [path],
      env,
      descriptors: [[message.read, 0], [addresses.read, 1]],
    });
    return new QueueMessage(pid, message.write, addresses.write, envelope);
  } catch {
    if (message) closeDescriptor(message.write);
    if (addresses) closeDescriptor(addresses.write);
    return notStarted;
  } finally {
    if (message) closeDescriptor(message.read);
    if (addresses) closeDescriptor(addresses.read);
  }
}

class QueueMessage implements Message {
  readonly #ended: Promise<number>;
  #broken = false;

  constructor(
    readonly pid: number,
    readonly messageFd: number,
    readonly envelopeFd: number,
    readonly envelope: Envelope,
  ) {
    this.#ended = waitFor(pid);
  }

  async append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    // A program that stopped reading tells why by its exit code.
    if (!this.#broken) this.#broken = !await writeAll(this.messageFd, bytes);
  }

  async commit(): Promise<Delivery> {
    closeDescriptor(this.messageFd);
    const { sender, recipients } = this.envelope;
    const addresses = `F${sender}\0` +
      recipients.map((recipient) => `T${recipient}\0`).join("") + "\0";
    if (!this.#broken) await writeAll(this.envelopeFd, toBytes(addresses));
    closeDescriptor(this.envelopeFd);
    return delivery(await this.#ended, this.pid);
  }

  /** An envelope that ends early makes the program fail and store nothing. */
  async abandon(): Promise<void> {
    closeDescriptor(this.envelopeFd);
    closeDescriptor(this.messageFd);
    await this.#ended;
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

/** What a raw wait status of the queue program means. */
export function delivery(status: number, pid: number): Delivery {
  const later = (enhanced: string, text: string): Delivery => ({
    type: "later",
    code: 451,
    enhanced,
    text,
  });
  if ((status & 0x7f) !== 0) return later("4.3.0", "qq crashed");
  const exitCode = (status >> 8) & 0xff;
  if (exitCode === 0) return { type: "stored", id: String(pid) };
  const known = texts[exitCode];
  if (known?.[0].startsWith("4")) return later(...known);
  if (known || (exitCode >= 11 && exitCode <= 40)) {
    const [enhanced, text] = known ?? ["5.3.0", "qq permanent problem"];
    return { type: "never", code: 554, enhanced, text };
  }
  return later("4.3.0", "qq temporary problem");
}
