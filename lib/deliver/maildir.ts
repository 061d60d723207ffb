/**
 * Delivery to Maildirs: `stored` is said only after the file and the folder
 * that names it are on the disk, in every mailbox of the envelope.
 *
 * @module
 */
import { trouble } from "../base/events.ts";
import { concat, toBytes } from "../base/bytes.ts";
import { codeOf, reason } from "../base/reason.ts";
import { quotedAddress } from "../mail/address.ts";
import { Draft, hostPart, makeMaildir } from "./draft.ts";
import { FreeSpace } from "./free_space.ts";
import { type Mailbox, MailboxPath } from "./mailbox.ts";
import { insufficientStorage, storageFailure } from "./storage_failure.ts";
import type { Delivery, Envelope, Message, Refusal, Target } from "./target.ts";
import type { TargetContext, TargetRow } from "./target_row.ts";

/** This much of a message is kept in memory, and then written at once. */
const spillBytes = 65536;

/** What is set for all Maildirs of a process. */
export type MaildirContext = Pick<
  TargetContext,
  "host" | "createMailboxes" | "minFreePercent" | "emit"
>;

export const maildirRow: TargetRow = {
  name: "maildir",
  usage: "maildir:DIR",
  read(template) {
    if (!template) throw new Error("the path of a Maildir is wanted");
    const path = new MailboxPath(template);
    return (context) => new Maildirs(path, context);
  },
};

const unknownUser: Refusal = {
  type: "never",
  code: 550,
  enhanced: "5.1.1",
  text: "sorry, no mailbox here by that name",
};

export class Maildirs implements Target {
  readonly takesBinary = true;
  readonly takesUtf8 = true;
  /** Only where there is something to be asked. */
  readonly accepts?: Target["accepts"];
  readonly #space: FreeSpace;
  /** The one Maildir without placeholders is there. */
  #made = false;

  /**
   * The file, and for a moment the folder; of each mailbox, until it is
   * stored.
   */
  readonly descriptors = 2;

  /** @param mailboxes where each recipient's is */
  constructor(
    readonly mailboxes: MailboxPath,
    readonly context: MaildirContext,
  ) {
    const { minFreePercent } = context;
    this.#space = new FreeSpace(mailboxes.root, minFreePercent);
    if (!mailboxes.isFixed || minFreePercent > 0) {
      this.accepts = (recipient) => this.#accepts(recipient);
    }
  }

  #accepts(recipient: string): Refusal | null | Promise<Refusal | null> {
    if (this.#space.isShort()) return this.#full();
    const mailbox = this.mailboxes.of(recipient, this.context.host);
    if (mailbox === null) return unknownUser;
    if (mailbox.base === null || this.context.createMailboxes) return null;
    return this.#exists(mailbox);
  }

  async problems(): Promise<readonly string[]> {
    const { mailboxProblems } = await import("./mailbox_problems.ts");
    const found = mailboxProblems(this.mailboxes, this.context.createMailboxes);
    if (!this.#space.isShort()) return found;
    return [...found, this.#shortage];
  }

  async open(envelope: Envelope): Promise<Message | Refusal> {
    const boxes = new Map<string, { box: Mailbox; recipients: string[] }>();
    for (const recipient of envelope.recipients) {
      const accepting = this.#accepts(recipient);
      const refused = accepting instanceof Promise
        ? await accepting
        : accepting;
      if (refused) return refused;
      const box = this.mailboxes.of(recipient, this.context.host)!;
      const known = boxes.get(box.path);
      if (known) known.recipients.push(recipient);
      else boxes.set(box.path, { box, recipients: [recipient] });
    }
    if (this.mailboxes.isFixed && !this.#made) {
      try {
        await makeMaildir(this.mailboxes.template, null);
        this.#made = true;
      } catch (error) {
        return this.#refuse(this.mailboxes.template, error);
      }
    }
    const host = hostPart(this.context.host);
    const copies = [...boxes.values()].map(({ box, recipients }) =>
      new Draft(
        box.path,
        host,
        this.context.createMailboxes ? null : box.base,
        heading(envelope, recipients),
      )
    );
    return new MaildirMessage(
      copies,
      (path, error) => this.#refuse(path, error),
    );
  }

  async #exists({ base }: Mailbox): Promise<Refusal | null> {
    try {
      return (await Deno.stat(base!)).isDirectory ? null : unknownUser;
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENOENT" || code === "ENOTDIR") return unknownUser;
      return this.#refuse(base!, error); // the user may well be known
    }
  }

  #full(): Refusal {
    this.context.emit(trouble(this.#shortage));
    return insufficientStorage;
  }

  get #shortage(): string {
    return `unable to take mail: ${this.mailboxes.root}: too little space`;
  }

  #refuse(path: string, error: unknown): Refusal {
    this.#made = false; // someone may have moved it away
    const shown = path.replace(/[^ -~]/g, "?");
    this.context.emit(
      trouble(`unable to deliver to ${shown}: ${reason(error)}`),
    );
    return storageFailure(error);
  }
}

class MaildirMessage implements Message {
  #pending: Uint8Array<ArrayBuffer>[] = [];
  #pendingBytes = 0;
  /** The last step with the files; it never rejects. */
  #work: Promise<void> = Promise.resolve();
  #failure: { path: string; error: unknown } | undefined;
  #over = false;

  constructor(
    readonly copies: readonly Draft[],
    readonly refuse: (path: string, error: unknown) => Refusal,
  ) {}

  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    if (this.#over || this.#failure) return;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > spillBytes) return this.#spill();
  }

  #spill(): Promise<void> {
    const bytes = this.#pending.length === 1
      ? this.#pending[0]
      : concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    return this.#each((copy) => copy.write(bytes));
  }

  async commit(): Promise<Delivery> {
    await this.#spill();
    await this.#each((copy) => copy.finish());
    // From here on readers see it, so every copy has to be whole.
    await this.#each((copy) => copy.publish());
    this.#over = true;
    if (!this.#failure) return { type: "stored", id: this.copies[0].id };
    await this.#remove();
    return this.refuse(this.#failure.path, this.#failure.error);
  }

  async abandon(): Promise<void> {
    this.#over = true;
    this.#pending = [];
    await this.#work; // what is being made now has to be removed too
    await this.#remove();
  }

  /** Does a step with all copies, unless one has failed before. */
  #each(step: (copy: Draft) => Promise<void>): Promise<void> {
    return this.#work = this.#work.then(async () => {
      if (this.#failure) return;
      await Promise.all(this.copies.map((copy) =>
        step(copy).catch((error) => {
          this.#failure ??= { path: copy.maildir, error };
        })
      ));
    });
  }

  async #remove(): Promise<void> {
    await Promise.all(this.copies.map((copy) => copy.remove()));
  }
}

/** What a delivery agent writes first (RFC 5321 4.4), and who it was for. */
function heading(
  { sender, binary }: Envelope,
  recipients: readonly string[],
): Uint8Array<ArrayBuffer> {
  const clean = (address: string) =>
    // deno-lint-ignore no-control-regex
    quotedAddress(address.replace(/[\x00-\x1f\x7f]/g, "_"));
  const lines = [`Return-Path: <${clean(sender)}>`];
  for (const to of recipients) lines.push(`Delivered-To: ${clean(to)}`);
  const end = binary ? "\r\n" : "\n";
  return toBytes(lines.map((line) => line + end).join(""));
}
