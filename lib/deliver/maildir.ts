/**
 * Delivery to Maildirs: `stored` is said only after the file and the folder
 * that names it are on the disk, in every mailbox of the envelope.
 *
 * @module
 */
import { trouble } from "../base/events.ts";
import { toBytes } from "../base/bytes.ts";
import { absolutePath } from "../base/path.ts";
import { codeOf, reason } from "../base/reason.ts";
import { quotedAddress } from "../mail/address.ts";
import { closeDescriptor } from "../sys/descriptors.ts";
import { othersTurn } from "./batches.ts";
import { Draft, hostPart } from "./draft.ts";
import { FixedName } from "./fixed_name.ts";
import { FreeSpace } from "./free_space.ts";
import { Mailbox, MailboxPath } from "./mailbox.ts";
import { LinkError, makeMaildir, openIn } from "./maildir_folders.ts";
import {
  MaildirMessage,
  manyMailboxesDescriptors,
  oneMailboxDescriptors,
} from "./maildir_message.ts";
import { insufficientStorage, storageFailure } from "./storage_failure.ts";
import type {
  Envelope,
  Message,
  Refusal,
  Submitter,
  Target,
} from "./target.ts";
import type { TargetContext, TargetRow } from "./target_row.ts";

/** A mailbox is found within microseconds, and there may be thousands. */
const recipientsATurn = 100;

/** What is set for all Maildirs of a process. */
export type MaildirContext = Pick<
  TargetContext,
  "host" | "createMailboxes" | "minFreePercent" | "isPostmaster" | "emit"
>;

export const maildirRow: TargetRow = {
  name: "maildir",
  usage: "maildir:DIR",
  fromFolder: absolutePath,
  read(template) {
    if (!template) throw new Error("the path of a Maildir is wanted");
    const path = new MailboxPath(template);
    return (context) => new Maildirs(path, context);
  },
};

const postmaster = "postmaster";

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

  readonly descriptors: number;

  /** @param mailboxes where each recipient's is */
  constructor(
    readonly mailboxes: MailboxPath,
    readonly context: MaildirContext,
  ) {
    const { minFreePercent } = context;
    this.#space = new FreeSpace(mailboxes.root, minFreePercent);
    this.descriptors = mailboxes.isFixed
      ? oneMailboxDescriptors
      : manyMailboxesDescriptors;
    if (!mailboxes.isFixed || minFreePercent > 0) {
      this.accepts = (recipient) => this.#accepts(recipient);
    }
  }

  #accepts(recipient: string): Refusal | null | Promise<Refusal | null> {
    const answer = (box: Mailbox | Refusal) =>
      box instanceof Mailbox ? this.#linkIn(box) : box;
    const found = this.#find(recipient);
    return found instanceof Promise ? found.then(answer) : answer(found);
  }

  /** The mailbox of a recipient, if there is one. */
  #find(recipient: string): Mailbox | Refusal | Promise<Mailbox | Refusal> {
    const box = this.#boxOf(recipient);
    if (!(box instanceof Mailbox)) return box;
    const known = this.#isKnown(box);
    if (known === null) return box;
    return known.then((refusal) => {
      if (refusal === null) return box;
      const isLost = refusal === unknownUser && recipient !== postmaster &&
        this.context.isPostmaster?.(recipient);
      // Where a domain of ours has none, there is this host's.
      return isLost ? this.#find(postmaster) : refusal;
    });
  }

  #boxOf(recipient: string): Mailbox | Refusal {
    if (this.#space.isShort()) return this.#full();
    return this.mailboxes.of(recipient, this.context.host) ?? unknownUser;
  }

  reach() {
    const { root, isFixed } = this.mailboxes;
    const isMade = isFixed || this.context.createMailboxes;
    const { patterns } = this.mailboxes;
    return {
      writes: [{
        ...{ path: root, isMade, isMadeAnew: isFixed, isOthers: !isFixed },
        patterns,
      }],
    };
  }

  async problems(): Promise<readonly string[]> {
    const { mailboxProblems } = await import("./mailbox_problems.ts");
    const found = mailboxProblems(this.mailboxes, this.context.createMailboxes);
    if (!this.#space.isShort()) return found;
    return [...found, this.#shortage];
  }

  async open(
    envelope: Envelope,
    { folder, once, id = "" }: Partial<Submitter> = {},
  ): Promise<Message | Refusal> {
    const boxes = new Map<string, { box: Mailbox; recipients: string[] }>();
    for (const [i, recipient] of envelope.recipients.entries()) {
      if (i % recipientsATurn === recipientsATurn - 1) await othersTurn();
      const found = this.#find(recipient);
      const box = found instanceof Promise ? await found : found;
      if (!(box instanceof Mailbox)) return box;
      const known = boxes.get(box.inside);
      if (known) known.recipients.push(recipient);
      else boxes.set(box.inside, { box, recipients: [recipient] });
    }
    if (this.mailboxes.isFixed && !this.#made) {
      try {
        await makeMaildir(this.mailboxes.of("", "")!, true);
        this.#made = true;
      } catch (error) {
        return this.#refuse(this.mailboxes.template, error);
      }
    }
    const host = hostPart(this.context.host);
    const copies = [...boxes.values()].map(({ box, recipients }) =>
      new Draft(
        folder ? box.folder(folder) : box,
        host,
        this.context.createMailboxes,
        () => heading(envelope, recipients),
        once && new FixedName(once, id, box.inside),
      )
    );
    return new MaildirMessage(
      copies,
      (path, error) => this.#refuse(path, error),
    );
  }

  /** null at once where there is nothing to ask. */
  #isKnown(box: Mailbox): null | Promise<Refusal | null> {
    const { base } = box;
    if (base === null || this.context.createMailboxes) return null;
    // Names are a stranger's choice: a thread waits for what is on the disk.
    return Deno.stat(base).then(
      ({ isDirectory }) => isDirectory ? null : unknownUser,
      (error) => {
        const code = codeOf(error);
        if (code === "ENOENT" || code === "ENOTDIR") return unknownUser;
        return this.#refuse(base, error); // the user may well be known
      },
    );
  }

  /** What is refused at RCPT does not fail a message for its other recipients. */
  #linkIn(box: Mailbox): Refusal | null {
    if (box.base === null) return null;
    for (const part of ["tmp", "new"]) {
      try {
        closeDescriptor(openIn(box, box.within(part), "search"));
      } catch (error) {
        if (error instanceof LinkError) return this.#refuse(box.path, error);
        // What else is wrong is seen by its delivery.
      }
    }
    return null;
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
    const shown = printable(path);
    const why = error instanceof LinkError
      ? printable(error.message)
      : reason(error);
    this.context.emit(
      trouble(`unable to deliver to ${shown}: ${why}`),
    );
    return storageFailure(error);
  }
}

const printable = (text: string) => text.replace(/[^ -~]/g, "?");

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
