/**
 * Hands a message to a target, for some of its recipients, and says what became
 * of each of them.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import type { Handover } from "../deliver/handover.ts";
import { isRefusal } from "../deliver/outcome.ts";
import type {
  Delivery,
  Envelope,
  Message,
  Outcome,
  Refusal,
  Submitter,
  Target,
} from "../deliver/target.ts";
import { isAscii } from "../mail/address.ts";
import type { Queued } from "../queue/frame.ts";
import { headerOf } from "./report_header.ts";
import type { Job } from "./job.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A target keeps a copy of what it is given, maybe. */
const pieceBytes = 65_536;
/** No target takes longer by itself, unless its disk hangs. */
const patienceMs = 15 * 60_000;

/** Of an answer about a recipient. */
const slowMs = 5000;

const failed: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.3.0",
  text: "unable to deliver the message",
};

const tooSlow: Refusal = { ...failed, text: "the target did not answer" };

const noBinary: Refusal = {
  type: "never",
  code: 554,
  enhanced: "5.6.1",
  text: "the target takes no message of binary parts",
};

const noUtf8: Refusal = {
  type: "never",
  code: 550,
  enhanced: "5.6.7",
  text: "SMTPUTF8 is not known on the way to this recipient",
};

/** @param emit is told of what only a bug explains */
export async function deliver(
  { target, recipients: all }: Job,
  facts: Queued,
  text: Bytes,
  submitter: Submitter,
  emit: Emit,
): Promise<Map<string, Delivery>> {
  const fates = new Map<string, Delivery>();
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => resolve(tooSlow), patienceMs);
  const attempt = new Attempt(target, facts, text, submitter, fates);
  // Who is first now is not the next time: a server may go amid its answers.
  const first = facts.attempts % all.length;
  const recipients = [...all.slice(first), ...all.slice(0, first)];
  try {
    const outcome = await Promise.race([attempt.of(recipients), promise]);
    tell(attempt.asked(recipients), outcome, fates);
  } catch (error) {
    emit(trouble(`unable to deliver ${facts.id} to ${target.name}`, error));
    tell(attempt.asked(recipients), failed, fates);
  } finally {
    clearTimeout(timer);
  }
  return fates;
}

function tell(
  recipients: readonly string[],
  outcome: Outcome,
  fates: Map<string, Delivery>,
): void {
  recipients.forEach((recipient, i) => {
    const each = "type" in outcome ? outcome : outcome[i] ?? failed;
    fates.set(recipient, each);
  });
}

class Attempt {
  constructor(
    readonly target: Target,
    readonly facts: Queued,
    readonly text: Bytes,
    readonly submitter: Submitter,
    /** Gets those that were refused before the text. */
    readonly fates: Map<string, Delivery>,
  ) {}

  /** Those of which nothing is known yet. */
  asked(recipients: readonly string[]): string[] {
    return recipients.filter((each) => !this.fates.has(each));
  }

  /** @returns what became of those that were not refused one by one */
  async of(recipients: readonly string[]): Promise<Outcome> {
    const { target, facts: { binary, sender } } = this;
    if (binary && !target.takesBinary) return noBinary;
    const utf8 = this.#isUtf8(recipients);
    if (utf8 && !target.takesUtf8) return noUtf8;
    const opened = target.begin
      ? await this.#handOver(target.begin.bind(target), recipients, utf8)
      : await this.#open(recipients, { sender, binary });
    if (opened === null) return [];
    if (isRefusal(opened)) return opened;
    await this.#write(opened);
    return await opened.commit();
  }

  async #open(
    recipients: readonly string[],
    rest: Omit<Envelope, "recipients">,
  ): Promise<Message | Refusal | null> {
    for (const recipient of recipients) {
      const refusal = await this.target.accepts?.(recipient) ?? null;
      if (refusal !== null) this.fates.set(recipient, refusal);
    }
    const taken = this.asked(recipients);
    if (taken.length === 0) return null;
    return await this.target.open(
      { ...rest, recipients: taken },
      this.submitter,
    );
  }

  async #handOver(
    begin: NonNullable<Target["begin"]>,
    recipients: readonly string[],
    utf8: boolean,
  ): Promise<Message | Refusal | null> {
    const { text, submitter: { connection, helo, user } } = this;
    const { remote, remoteHost, local } = connection;
    const { sender } = this.facts;
    const handover = await begin({
      sender,
      sizeBytes: text.length,
      eightBit: text.some((byte) => byte > 0x7f),
      utf8,
      client: {
        ...{ ip: remote.ip, port: remote.port, host: remoteHost },
        ...{ helo, user, local },
        protocol: "ESMTP",
      },
    });
    await this.#ask(handover, recipients);
    const taken = this.asked(recipients);
    if (taken.length > 0) {
      return await handover.open({ sender, recipients: taken });
    }
    handover.leave();
    return null;
  }

  /**
   * A server that needs so long to say no has too much to do, and is not asked
   * about the others.
   */
  async #ask(
    handover: Handover,
    recipients: readonly string[],
  ): Promise<void> {
    for (const [i, recipient] of recipients.entries()) {
      const askedAt = performance.now();
      const refusal = await handover.recipient(recipient);
      if (refusal === null) continue;
      this.fates.set(recipient, refusal);
      const isSlow = performance.now() - askedAt > slowMs;
      if (!isSlow || refusal.type === "never") continue;
      for (const each of recipients.slice(i + 1)) {
        this.fates.set(each, refusal);
      }
      return;
    }
  }

  async #write(message: Message): Promise<void> {
    for (let at = 0; at < this.text.length; at += pieceBytes) {
      await message.append(this.text.subarray(at, at + pieceBytes));
    }
  }

  /** Whether it can go only to who knows UTF-8 in addresses and headers. */
  #isUtf8(recipients: readonly string[]): boolean {
    const { sender, client: { protocol } } = this.facts;
    if (![sender, ...recipients].every(isAscii)) return true;
    return protocol.startsWith("UTF8") && !isAscii(headerOf(this.text));
  }
}
