/**
 * Where the messages of a session go, by options and environment.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import type { Target } from "../deliver/target.ts";
import type { TargetContext } from "../deliver/target_row.ts";
import { readTarget } from "../deliver/targets.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";
import type { SmtpdOptions } from "./options.ts";

/** Where no target is named, in this order. */
const defaults = ["qmail-queue", "maildir:./Maildir"] as const;

export class Targets {
  /** This host's name, as of the last session. */
  #host = "";
  readonly #named: Target | null;
  readonly #queue: Target;
  readonly #maildir: Target;

  /** @param emit is told of troubles */
  constructor(readonly options: SmtpdOptions, emit: Emit) {
    const { queueProgram, createMailboxes, minFree } = options;
    const host = () => this.#host;
    const context: TargetContext = {
      get host() {
        return host();
      },
      queueProgram,
      createMailboxes,
      minFreePercent: minFree,
      emit,
    };
    this.#named = options.deliver?.(context) ?? null;
    const [queue, maildir] = defaults.map((text) => readTarget(text)(context));
    this.#queue = queue;
    this.#maildir = maildir;
  }

  /** Descriptors that a message may hold. */
  get descriptors(): number {
    return (this.#named ?? this.#queue).descriptors;
  }

  async prepare(): Promise<void> {
    await this.#named?.prepare?.();
  }

  /** @param env of the session */
  async problems(env: ProgramEnvironment): Promise<readonly string[]> {
    return await this.of(env, this.#host).problems?.(env) ?? [];
  }

  refresh(): void {
    this.#named?.refresh?.();
  }

  close(): void {
    this.#named?.close?.();
  }

  /**
   * @param env of the session
   * @param me this host's name
   */
  of(env: ProgramEnvironment, me: string): Target {
    this.#host = me;
    if (this.#named !== null) return this.#named;
    const hasQueue = env.has("QMAILQUEUE") ||
      isFile(this.options.queueProgram);
    return hasQueue ? this.#queue : this.#maildir;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // then there is no queue
  }
}
