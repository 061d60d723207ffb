/**
 * The filter that asks a milter, as Postfix and sendmail do: told of the
 * connection, of each recipient, and of each message.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import type { Connection } from "../base/connection.ts";
import { concat } from "../base/bytes.ts";
import { reason } from "../base/reason.ts";
import type { ServiceAddress } from "../base/service_address.ts";
import { Spool } from "../deliver/spool.ts";
import type { Refusal } from "../mail/answers.ts";
import { editedMessage } from "./edited_header.ts";
import type {
  FilteredMail,
  FilterSession,
  Judgement,
  Question,
} from "./filter.ts";
import { type Answer, answerIn, Changes } from "./milter_changes.ts";
import {
  type Command,
  command,
  macros,
  number,
  packet,
  steps,
  strings,
} from "./milter_codec.ts";
import { MilterConnection } from "./milter_connection.ts";
import { messagePackets } from "./milter_message.ts";
import { type Patience, refusalOf, withoutAnswer } from "./patience.ts";

export interface MilterOptions {
  readonly name: string;
  readonly address: ServiceAddress;
  readonly patience: Patience;
  /** Where a message goes that is to be put aside, as `.Junk`. */
  readonly folder: string;
  /** Where a new body is kept that is long. */
  readonly spoolFolder: string;
  readonly emit: Emit;
}

/** What it is told of a message before its text. */
interface Introduction {
  readonly helo: string | null;
  readonly user: string | null;
  readonly id: string;
  readonly me: string;
  readonly sender: string;
  readonly parameters: readonly string[];
}

/** Once for each body that it makes. */
const bodyReadings = 2;

export class Milter implements FilterSession {
  #milter: MilterConnection | null = null;
  /** The message that it has been told of, and not to its end. */
  #id: string | null = null;
  /** What it has said of that message already. */
  #said: Answer | null = null;
  /** What it has said of the connection, and so of all messages. */
  #saidOfAll: Answer | null = null;

  constructor(
    readonly connection: Connection,
    readonly options: MilterOptions,
  ) {}

  get name(): string {
    return this.options.name;
  }

  async recipient(question: Question): Promise<Refusal | null> {
    try {
      const { sizeBytes, eightBit } = question;
      const parameters = [
        ...(sizeBytes > 0 ? [`SIZE=${sizeBytes}`] : []),
        ...(eightBit ? ["BODY=8BITMIME"] : []),
      ];
      await this.#introduce({ ...question, parameters });
      return await this.#recipient(question.recipient);
    } catch (error) {
      this.#fail(error);
      return refusalOf(this.options.patience);
    }
  }

  async judge(mail: FilteredMail): Promise<Judgement> {
    try {
      if (this.#id !== mail.id) {
        // Nobody was asked about its recipients.
        const { sender, recipients } = mail.envelope;
        await this.#introduce({ ...mail, sender, parameters: [] });
        for (const each of recipients) {
          const refusal = await this.#recipient(each);
          if (refusal !== null) return { verdict: refusal };
        }
      }
      return await this.#judge(mail);
    } catch (error) {
      this.#fail(error);
      return withoutAnswer(this.options.patience, reason(error));
    } finally {
      this.#id = null;
    }
  }

  abandoned(): void {
    const isOpen = this.#id !== null && this.#saidOfAll === null;
    this.#id = null;
    if (!isOpen) return;
    const milter = this.#milter;
    milter?.send(packet(command.abort)).then(() => milter.flush())
      .catch((error) => this.#fail(error));
  }

  close(): void {
    this.#milter?.quit();
    this.#milter = null;
  }

  /** The next message gets a connection of its own. */
  #fail(error: unknown): void {
    this.#milter?.close();
    this.#milter = null;
    this.#id = null;
    const { name, emit } = this.options;
    emit(trouble(`unable to ask ${name}: ${reason(error)}`));
  }

  async #introduce(message: Introduction): Promise<void> {
    const { helo, user, id, me, sender, parameters } = message;
    if (this.#id === id) return;
    if (this.#id !== null) this.abandoned(); // the client began anew
    this.#said = this.#saidOfAll;
    const about = { i: id, j: me };
    if (this.#milter === null || this.#milter.isOver) {
      await this.#connect(me, helo);
    }
    this.#id = id;
    if (this.#said !== null) return;
    await this.#tell(
      command.mail,
      strings(`<${sender}>`, ...parameters),
      {
        ...about,
        "{mail_addr}": sender,
        "{auth_authen}": user,
        "{auth_type}": user === null ? null : "PLAIN",
      },
      steps.noMail,
      steps.noReplyToMail,
    );
  }

  async #connect(me: string, helo: string | null): Promise<void> {
    const { address, patience } = this.options;
    this.#said = this.#saidOfAll = null;
    const milter = await MilterConnection.open(address, patience.seconds);
    this.#milter = milter;
    const { remote, remoteHost } = this.connection;
    const isV6 = remote.ip.includes(":");
    await this.#tell(
      command.connect,
      concat([
        bytesOf(strings(remoteHost ?? `[${remote.ip}]`) + (isV6 ? "6" : "4")),
        number(remote.port, 16),
        bytesOf(strings(isV6 ? `IPv6:${remote.ip}` : remote.ip)),
      ]),
      {
        j: me,
        "{daemon_name}": me,
        v: "postern",
        "{client_addr}": remote.ip,
        "{client_name}": remoteHost,
        "{client_port}": String(remote.port),
        _: `${remoteHost ?? "unknown"} [${remote.ip}]`,
      },
      steps.noConnect,
      steps.noReplyToConnect,
    );
    if (this.#said === null) {
      await this.#tell(
        command.helo,
        strings(helo ?? ""),
        {},
        steps.noHelo,
        steps.noReplyToHelo,
      );
    }
    this.#saidOfAll = this.#said;
  }

  async #recipient(recipient: string): Promise<Refusal | null> {
    const told = this.#told;
    if (told !== null) return told;
    if (this.#said !== null) return null;
    await this.#tell(
      command.recipient,
      strings(`<${recipient}>`),
      { i: this.#id, "{rcpt_addr}": recipient },
      steps.noRecipient,
      steps.noReplyToRecipient,
    );
    const refusal = this.#told;
    // It is about this one, not about the message.
    if (refusal !== null) this.#said = null;
    return refusal;
  }

  /** What it has refused already; null if nothing. */
  get #told(): Refusal | null {
    return this.#said?.type === "refused" ? this.#said.refusal : null;
  }

  /** Says something, and hears what it thinks of that. */
  async #tell(
    letter: Command,
    data: Uint8Array<ArrayBuffer> | string,
    about: Readonly<Record<string, string | null>>,
    unwanted: number,
    unanswered: number,
  ): Promise<void> {
    const milter = this.#milter!;
    if (milter.agrees(unwanted)) return;
    await milter.send(concat([macros(letter, about), packet(letter, data)]));
    if (milter.agrees(unanswered)) return;
    const answer = answerIn(await milter.reply());
    if (answer === null) throw new Error("its answer makes no sense here");
    if (answer.type !== "goOn") this.#said = answer;
  }

  async #judge(mail: FilteredMail): Promise<Judgement> {
    if (this.#said !== null) return judged(this.#said);
    const milter = this.#milter!;
    const { id, tls } = mail;
    const about = {
      i: id,
      "{tls_version}": tls?.version ?? null,
      "{cipher}": tls?.cipher ?? null,
    };
    await this.#tell(
      command.data,
      "",
      about,
      steps.noData,
      steps.noReplyToData,
    );
    if (this.#said !== null) return judged(this.#said);
    let skipsBody = false;
    for await (const each of messagePackets(mail, milter)) {
      if (each.letter === command.body && skipsBody) continue;
      await milter.send(each.bytes);
      if (milter.agrees(each.unanswered)) continue;
      const answer = answerIn(await milter.reply());
      if (answer === null) throw new Error("its answer makes no sense here");
      if (answer.type === "skip") skipsBody = true;
      else if (answer.type !== "goOn") return judged(answer);
    }
    await milter.send(concat([
      macros(command.endOfMessage, about),
      packet(command.endOfMessage),
    ]));
    return await this.#verdict(mail, milter);
  }

  /** Changes come before the answer. */
  async #verdict(
    { envelope }: FilteredMail,
    milter: MilterConnection,
  ): Promise<Judgement> {
    const { folder, spoolFolder } = this.options;
    const changes = new Changes(
      envelope.recipients,
      milter.agrees(steps.leadingSpace),
    );
    let body: Spool | null = null;
    for (;;) {
      const reply = await milter.reply();
      const answer = answerIn(reply);
      if (answer !== null) {
        if (answer.type !== "goOn" && answer.type !== "accept") {
          body?.close();
          return judged(answer);
        }
        return changed(changes, body, folder);
      }
      if (reply.letter === "b") {
        body ??= new Spool(spoolFolder, bodyReadings);
        await body.append(withoutReturns(reply.data));
      } else changes.take(reply);
    }
  }
}

const bytesOf = (text: string) =>
  Uint8Array.from(text, (each) => each.charCodeAt(0));

/** Lines end with LF here; a CR is nothing else in a milter's body. */
const withoutReturns = (data: string) => bytesOf(data.replaceAll("\r", ""));

function judged(answer: Answer): Judgement {
  switch (answer.type) {
    case "refused":
      return { verdict: answer.refusal };
    case "discard":
      return { verdict: "discard" };
    default:
      return { verdict: "pass", remark: "accepted" };
  }
}

function changed(
  { edits, sender, recipients, quarantine }: Changes,
  body: Spool | null,
  folder: string,
): Judgement {
  const all = quarantine === null ? edits : [
    ...edits,
    { type: "append", field: `X-Quarantine: ${quarantine}` } as const,
  ];
  const counts = [
    ...(all.length > 0 ? [`changes=${all.length}`] : []),
    ...(body ? ["new body"] : []),
    ...(sender === null ? [] : ["new sender"]),
    ...(recipients === null ? [] : [`recipients=${recipients.length}`]),
  ];
  return {
    verdict: "pass",
    remark: counts.join(" "),
    ...(quarantine !== null && { folder }),
    ...(sender !== null && { sender }),
    ...(recipients !== null && { recipients }),
    ...((all.length > 0 || body !== null) && {
      rewrite: (read) =>
        editedMessage(read, all, body ? () => body.read() : undefined),
    }),
    ...(body && { over: () => body.close() }),
  };
}
