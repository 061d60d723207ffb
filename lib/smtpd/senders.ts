/**
 * What those who have logged in may send as (--sender-login). What decides is
 * loaded before the first of them is let in.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import type { Refusal } from "../mail/answers.ts";
import type { SessionConfig, Submitter } from "../smtp/config.ts";

/** Not a file: whoever lets them in says it. */
export const byDovecot = "dovecot";

type Refuses = NonNullable<SessionConfig["refusesSubmitter"]>;

export class SenderRules {
  #decide: Refuses | null = null;
  /** Whether it is known, or is why it will not be. */
  readonly loaded: Promise<void>;
  /** For sessions; undefined where everybody may send as anybody. */
  readonly refuses: Refuses | undefined;

  /**
   * @param source a path, or {@linkcode byDovecot}; null for no rules
   * @param emit is told of troubles
   */
  constructor(source: string | null, emit: Emit) {
    this.loaded = source === null
      ? Promise.resolve()
      : this.#load(source, emit);
    this.loaded.catch(() => {}); // told by prepare, or by a log-in
    if (source === null) return;
    this.refuses = (submitter, sender) =>
      // Receipts and the like have no sender, and nobody owns it.
      sender === "" ? null : this.#decide!(submitter, sender);
  }

  async #load(source: string, emit: Emit): Promise<void> {
    if (source === byDovecot) {
      const { notOwned, owns, ownSenders } = await import(
        "../policy/sender_logins.ts"
      );
      this.#decide = ({ user, senders }, sender) =>
        owns(ownSenders(user, senders), user, sender)
          ? null
          : notOwned(user, sender);
      return;
    }
    const { senderLoginsFile } = await import(
      "../policy/sender_logins_file.ts"
    );
    const decide = senderLoginsFile(source, emit);
    this.#decide = ({ user }: Submitter, sender): Refusal | null =>
      decide(user, sender);
  }
}
