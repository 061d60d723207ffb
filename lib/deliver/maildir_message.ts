/**
 * A message for one or more Maildirs. While its text arrives there is one file
 * at the most, in the first of them; the others get their copies when it is
 * whole. None is shown before all are on the disk.
 *
 * The copies are files of their own. Links to one file would be cheaper, but
 * then a user who may write to it writes into the others' mailboxes, all of
 * them would be one owner's, and each would name the other recipients.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import { batchMailboxes, inBatches } from "./batches.ts";
import type { Draft } from "./draft.ts";
import type { Delivery, Message, Refusal } from "./target.ts";

/** This much of a message is kept in memory, and then written at once. */
const spillBytes = 65536;

/** The file, and tmp or new, for a moment. */
export const oneMailboxDescriptors = 2;
/** The file that is copied, a batch, and folders, for a moment. */
export const manyMailboxesDescriptors = 1 + batchMailboxes + 3;

export class MaildirMessage implements Message {
  #pending: Uint8Array<ArrayBuffer>[] = [];
  #pendingBytes = 0;
  #isSpilled = false;
  /** The last step with the files; it never rejects. */
  #work: Promise<void> = Promise.resolve();
  #failure: { path: string; error: unknown } | undefined;
  #over = false;
  readonly #first: Draft;

  /** @param copies one for each mailbox; at least one */
  constructor(
    readonly copies: readonly Draft[],
    readonly refuse: (path: string, error: unknown) => Refusal,
  ) {
    this.#first = copies[0];
  }

  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    if (this.#over || this.#failure) return;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes <= spillBytes) return;
    this.#isSpilled = true;
    return this.#then([this.#first], this.#writing());
  }

  async commit(): Promise<Delivery> {
    const [first, ...others] = this.copies;
    const text = this.#isSpilled ? first : this.#whole();
    await this.#then([first], this.#writing(others.length === 0));
    if (others.length > 0) {
      await this.#then(others, (copy) => copy.copy(text));
    }
    await this.#then([first], (copy) => copy.finish());
    // From here on readers see it, so every copy has to be whole.
    await this.#then(this.copies, (copy) => copy.publish());
    this.#over = true;
    if (!this.#failure) return { type: "stored", id: first.id };
    await this.#remove();
    return this.refuse(this.#failure.path, this.#failure.error);
  }

  async abandon(): Promise<void> {
    this.#over = true;
    this.#pending = [];
    await this.#work; // what is being made now has to be removed too
    await this.#remove();
  }

  /** What is pending, in one piece, and still so. */
  #whole(): Uint8Array<ArrayBuffer> {
    const { length } = this.#pending;
    if (length !== 1) this.#pending = [concat(this.#pending)];
    return this.#pending[0];
  }

  /** A step that writes what is pending now. */
  #writing(isLast = false): (copy: Draft) => Promise<void> {
    const bytes = this.#whole();
    this.#pending = [];
    this.#pendingBytes = 0;
    return (copy) => copy.write(bytes, isLast);
  }

  /** Does a step with some copies, unless one has failed before. */
  #then(
    copies: readonly Draft[],
    step: (copy: Draft) => Promise<void>,
  ): Promise<void> {
    const attempt = async (copy: Draft) => {
      try {
        await step(copy);
      } catch (error) {
        this.#failure ??= { path: copy.box.path, error };
        throw error;
      }
    };
    return this.#work = this.#work.then(() => {
      if (this.#failure) return;
      // Most messages are for one: they need no turn among the others.
      return copies.length === 1
        ? attempt(copies[0])
        : inBatches(copies, attempt);
    }).catch(() => {}); // it is remembered
  }

  #remove(): Promise<void> {
    return inBatches(this.copies, (copy) => copy.remove());
  }
}
