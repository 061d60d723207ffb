/**
 * The filter that asks a milter, as Postfix and sendmail do: told of the
 * connection, of each recipient, and of each message.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { LastingTrouble } from "../base/lasting_trouble.ts";
import { reason } from "../base/reason.ts";
import type { TlsFacts } from "../base/stream.ts";
import type { ServiceAddress } from "../base/service_address.ts";
import { quotedAddress } from "../mail/address.ts";
import type { Refusal } from "../mail/answers.ts";
import { Allowance } from "./allowance.ts";
import type {
  FilteredMail,
  FilterSession,
  Judgement,
  Minded,
  Question,
} from "./filter.ts";
import type { Answer } from "./milter_changes.ts";
import { command, packet, steps, strings } from "./milter_codec.ts";
import { MilterConnection } from "./milter_connection.ts";
import { ask } from "./milter_dialogue.ts";
import {
  connectionData,
  connectionMacros,
  senderMacros,
  tlsMacros,
} from "./milter_facts.ts";
import { judgedBy } from "./milter_judge.ts";
import { judged } from "./milter_outcome.ts";
import {
  Late,
  type Patience,
  refusalOf,
  type Turns,
  withoutAnswer,
} from "./patience.ts";

export interface MilterOptions {
  readonly name: string;
  readonly address: ServiceAddress;
  readonly patience: Patience;
  /** For whole messages; of all sessions of a process. */
  readonly turns: Turns;
  /** Where a message goes that is to be put aside, as `.Junk`. */
  readonly folder: string;
  /** Where a new body is kept that is long. */
  readonly spoolFolder: string;
  /** That it cannot be asked, until it answers again. */
  readonly lasting: LastingTrouble;
}

/** What it is told of a message before its text. */
interface Introduction {
  readonly helo: string | null;
  readonly user: string | null;
  readonly mechanism?: string;
  readonly tls?: TlsFacts | null;
  readonly id: string;
  readonly me: string;
  readonly sender: string;
  /** Of MAIL. */
  readonly parameters: readonly string[];
}

export class Milter implements FilterSession {
  #milter: MilterConnection | null = null;
  /** The session is over. */
  #isLeft = false;
  /** What the client calls itself, as it has been told; and the TLS then. */
  #helo: string | null = null;
  #tls: TlsFacts | null = null;
  /** The message that it has been told of, and not to its end. */
  #id: string | null = null;
  /** What it has said of that message already. */
  #said: Answer | null = null;
  /** What it has said of the connection, and so of all messages. */
  #saidOfAll: Answer | null = null;
  /** The message that it could not be asked about, and why. */
  #failed: { readonly id: string; readonly why: string } | null = null;

  constructor(
    readonly connection: Connection,
    readonly options: MilterOptions,
  ) {}

  get name(): string {
    return this.options.name;
  }

  async recipient(question: Question): Promise<Minded | null> {
    const { patience } = this.options;
    const { id, recipient } = question;
    return await this.#asking(id, async () => {
      const allowance = new Allowance(patience.seconds);
      const parameters = parametersOf(question);
      await this.#introduce({ ...question, parameters }, allowance);
      return await this.#recipient(recipient);
    }, (remark) => {
      const refusal = refusalOf(patience);
      return refusal && { ...refusal, remark };
    });
  }

  async judge(mail: FilteredMail): Promise<Judgement> {
    const { patience, turns } = this.options;
    return await this.#asking(
      mail.id,
      () =>
        turns.inTurn(
          patience.seconds,
          (left) => this.#judge(mail, new Allowance(left)),
        ).then((judgement) => {
          this.options.lasting.over();
          return judgement;
        }),
      (why) => withoutAnswer(patience, why),
    ).finally(() => {
      this.#id = null;
    });
  }

  abandoned(): void {
    const isOpen = this.#id !== null && this.#saidOfAll === null;
    this.#id = null;
    const milter = this.#milter;
    if (!isOpen || milter === null) return;
    milter.allowance = new Allowance(this.options.patience.seconds);
    milter.send(packet(command.abort)).then(() => milter.flush())
      .catch(() => milter.close()); // the next message makes a new one
  }

  close(): void {
    this.#isLeft = true;
    this.#milter?.quit();
    this.#milter = null;
  }

  /** One that has failed is not asked about the rest of the same message. */
  async #asking<T>(
    id: string,
    act: () => Promise<T>,
    otherwise: (why: string) => T,
  ): Promise<T> {
    if (this.#failed?.id === id) return otherwise(this.#failed.why);
    try {
      return await act();
    } catch (error) {
      const why = reason(error);
      this.#failed = { id, why };
      this.#fail(error);
      return otherwise(why);
    }
  }

  /** The next message gets a connection of its own. */
  #fail(error: unknown): void {
    this.#milter?.close();
    this.#milter = null;
    this.#id = null;
    const { name, lasting } = this.options;
    // What the end of a session has broken off is no trouble.
    if (!this.#isLeft) {
      lasting.tell([`unable to ask ${name}: ${reason(error)}`]);
    }
  }

  async #introduce(message: Introduction, allowance: Allowance): Promise<void> {
    if (this.#milter !== null) this.#milter.allowance = allowance;
    if (this.#id === message.id) return;
    if (this.#id !== null) this.abandoned(); // the client began anew
    const used = this.#milter;
    try {
      await this.#begin(message, allowance);
    } catch (error) {
      if (used === null || error instanceof Late) throw error;
      // It may be of a milter that has been restarted.
      used.close();
      await this.#begin(message, allowance);
    }
  }

  async #begin(message: Introduction, allowance: Allowance): Promise<void> {
    const { helo, user, id, sender, parameters, mechanism } = message;
    const tls = message.tls ?? null;
    if (this.#milter === null || this.#milter.isOver) {
      await this.#connect(message, allowance);
    } else if (
      this.#saidOfAll === null && (this.#helo !== helo || this.#tls !== tls)
    ) await this.#greet(helo, tls);
    this.#milter!.allowance = allowance;
    this.#id = id;
    this.#said = this.#saidOfAll;
    if (this.#said !== null) return;
    const path = `<${quotedAddress(sender)}>`;
    this.#said = await ask(this.#milter!, command.mail, {
      data: strings(path, ...parameters),
      macros: { i: id, ...senderMacros(sender, user, mechanism) },
      unwanted: steps.noMail,
      unanswered: steps.noReplyToMail,
    });
  }

  async #connect(
    { me, helo, tls = null }: Introduction,
    allowance: Allowance,
  ): Promise<void> {
    this.#saidOfAll = null;
    const { address } = this.options;
    const milter = await MilterConnection.open(address, allowance);
    if (this.#isLeft) {
      milter.close();
      throw new Error("the client has left");
    }
    this.#milter = milter;
    const { connection } = this;
    const answer = await ask(milter, command.connect, {
      data: connectionData(connection),
      macros: connectionMacros(connection, me),
      unwanted: steps.noConnect,
      unanswered: steps.noReplyToConnect,
    });
    this.#saidOfAll = ofAll(answer);
    if (this.#saidOfAll === null) await this.#greet(helo, tls);
  }

  async #greet(helo: string | null, tls: TlsFacts | null): Promise<void> {
    this.#helo = helo;
    this.#tls = tls;
    const answer = await ask(this.#milter!, command.helo, {
      data: strings(helo ?? ""),
      macros: tlsMacros(tls),
      unwanted: steps.noHelo,
      unanswered: steps.noReplyToHelo,
    });
    this.#saidOfAll = ofAll(answer);
  }

  async #recipient(recipient: string): Promise<Refusal | null> {
    const told = refusalIn(this.#said);
    if (told !== null || this.#said !== null) return told;
    const address = quotedAddress(recipient);
    const answer = await ask(this.#milter!, command.recipient, {
      data: strings(`<${address}>`),
      macros: { i: this.#id, "{rcpt_addr}": address },
      unwanted: steps.noRecipient,
      unanswered: steps.noReplyToRecipient,
    });
    const refusal = refusalIn(answer);
    // A refusal is about this one, not about the message.
    if (refusal === null) this.#said = answer;
    return refusal;
  }

  async #judge(mail: FilteredMail, allowance: Allowance): Promise<Judgement> {
    const { sender, recipients } = mail.envelope;
    const isNew = this.#id !== mail.id;
    await this.#introduce({ ...mail, sender, parameters: [] }, allowance);
    if (isNew) {
      // Nobody was asked about its recipients.
      for (const each of recipients) {
        const refusal = await this.#recipient(each);
        if (refusal !== null) return { verdict: refusal };
      }
    }
    if (this.#said !== null) return judged(this.#said);
    return await judgedBy(this.#milter!, mail, this.options);
  }
}

/** As a client's MAIL has them. */
const parametersOf = ({ sizeBytes, eightBit, utf8 }: Question) => [
  ...(sizeBytes > 0 ? [`SIZE=${sizeBytes}`] : []),
  ...(eightBit ? ["BODY=8BITMIME"] : []),
  ...(utf8 ? ["SMTPUTF8"] : []),
];

const refusalIn = (answer: Answer | null): Refusal | null =>
  answer?.type === "refused" ? answer.refusal : null;

/** A whole connection cannot be thrown away: Postfix goes on as well. */
const ofAll = (answer: Answer | null) =>
  answer?.type === "discard" ? null : answer;
