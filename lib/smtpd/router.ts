/**
 * A session's own target: it knows which way each recipient goes, and asks
 * whoever is there about it while the client waits.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Handover } from "../deliver/handover.ts";
import type {
  Envelope,
  Message,
  Refusal,
  Submitter,
  Target,
} from "../deliver/target.ts";
import type { Inquiry } from "../smtp/actions.ts";

/** The target that a recipient's mail goes to, or why there is none. */
export type Way = (recipient: string) => Target | Refusal;

/**
 * A message goes one way: that of its first recipient. Those that would go
 * another are deferred, and the client sends them the message again.
 */
const anotherWay: Refusal = {
  type: "later",
  code: 452,
  enhanced: "4.5.3",
  text: "this recipient goes another way, in a message of its own",
  by: "routes",
};

const utf8Unknown: Refusal = {
  type: "never",
  code: 550,
  enhanced: "5.6.7",
  text: "SMTPUTF8 is not known on the way to this recipient",
  by: "routes",
};

/** What all targets of a session have in common. */
export interface Common {
  readonly takesBinary: boolean;
  readonly takesUtf8: boolean;
  readonly descriptors: number;
}

export class Router implements Target {
  /** The message that the state below is about. */
  #messageNumber = 0;
  /** The way of its first recipient. */
  #target: Target | null = null;
  #handover: Handover | null = null;

  constructor(
    readonly way: Way,
    readonly common: Common,
    readonly connection: Connection,
    /** Whose a recipient's mail is, where that is somebody else's. */
    readonly inFact: (recipient: string) => string = (recipient) => recipient,
  ) {}

  get name(): string | undefined {
    return this.#target?.name;
  }

  get takesBinary(): boolean {
    return this.common.takesBinary;
  }

  get takesUtf8(): boolean {
    return this.common.takesUtf8;
  }

  get descriptors(): number {
    return this.common.descriptors;
  }

  accepts(recipient: string): Refusal | null | Promise<Refusal | null> {
    const owner = this.inFact(recipient);
    const target = this.way(owner);
    if ("type" in target) return target;
    return target.accepts?.(owner) ?? null;
  }

  async offer(inquiry: Inquiry): Promise<Refusal | null> {
    const { messageNumber } = inquiry;
    const recipient = this.inFact(inquiry.recipient);
    if (messageNumber !== this.#messageNumber) {
      this.leave();
      this.#messageNumber = messageNumber;
    }
    const target = this.way(recipient);
    if ("type" in target) return target;
    if (this.#target !== null && target !== this.#target) return anotherWay;
    if (inquiry.utf8 && !target.takesUtf8) return utf8Unknown;
    if (target.begin) {
      this.#handover ??= await target.begin({
        sender: inquiry.sender,
        sizeBytes: inquiry.sizeBytes,
        eightBit: inquiry.eightBit ?? false,
        utf8: inquiry.utf8 ?? false,
        client: this.#client(inquiry),
      });
      const refusal = await this.#handover.recipient(recipient);
      if (refusal !== null) {
        // Nothing is fixed yet: the next one may go another way.
        if (this.#target === null) this.leave();
        return refusal;
      }
    }
    this.#target = target;
    return null;
  }

  open(
    { recipients, ...rest }: Envelope,
    submitter: Submitter,
  ): Message | Refusal | Promise<Message | Refusal> {
    const envelope = { ...rest, recipients: recipients.map(this.inFact) };
    const handover = this.#handover;
    this.#handover = null;
    this.#messageNumber = 0;
    if (handover) return handover.open(envelope);
    const target = this.#target ?? this.way(envelope.recipients[0]);
    return "type" in target ? target : target.open(envelope, submitter);
  }

  leave(): void {
    this.#handover?.leave();
    this.#handover = null;
    this.#target = null;
  }

  #client({ helo, user, protocol }: Inquiry) {
    const { remote, remoteHost, local } = this.connection;
    return {
      ...{ ip: remote.ip, port: remote.port, host: remoteHost },
      ...{ helo, user, protocol, local },
    };
  }
}
