/**
 * Where the messages of a session go, by options and environment.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { discard } from "../deliver/discard.ts";
import { Maildirs } from "../deliver/maildir.ts";
import { qmailQueue } from "../deliver/qmail_queue.ts";
import type { Target } from "../deliver/target.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";
import type { SmtpdOptions } from "./options.ts";

export class Targets {
  /** Those that sessions share. */
  readonly #known = new Map<string, Target>();

  /** @param emit is told of troubles */
  constructor(
    readonly options: SmtpdOptions,
    readonly emit: Emit,
  ) {}

  /**
   * @param env of the session
   * @param me this host's name
   */
  of(env: ProgramEnvironment, me: string): Target {
    const { queueProgram } = this.options;
    const queue = env.get("QMAILQUEUE");
    let target = this.options.deliver;
    if (target === null || target === "qmail-queue") {
      const queues = target !== null || queue !== undefined ||
        fileExists(queueProgram);
      target = queues
        ? `qmail-queue:${queue ?? queueProgram}`
        : "maildir:./Maildir";
    }
    const colon = target.indexOf(":");
    const path = target.slice(colon + 1);
    // A queue program sees this session's environment: never shared.
    if (target.startsWith("qmail-queue:")) {
      return qmailQueue(path, () => env.entries());
    }
    let known = this.#known.get(target);
    if (!known) {
      known = target === "discard"
        ? discard()
        : new Maildirs(path, me, this.emit, {
          createMailboxes: this.options.createMailboxes,
          minFreePercent: this.options.minFree,
        });
      this.#known.set(target, known);
    }
    return known;
  }
}

function fileExists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
