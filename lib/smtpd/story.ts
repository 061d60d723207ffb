/**
 * What becomes of a session's messages, recipients, log-ins and handshakes,
 * told as events while the driver sees to them.
 *
 * @module
 */
import type {
  Abandonment,
  MessageFacts,
  Party,
  Reply,
} from "../base/events.ts";
import type { Stream } from "../base/stream.ts";
import type { Delivery, Login, Refusal } from "../mail/answers.ts";
import type { Envelope } from "../mail/envelope.ts";
import type { Action, Told } from "../smtp/actions.ts";
import type { Session } from "../smtp/session.ts";
import type { Services } from "./services.ts";

/** Who decided, where no policy did. */
const target = "target";

/** A message whose text was asked for. */
interface Begun {
  readonly envelope: Envelope;
  readonly id: string;
  readonly protocol: string;
  readonly waitMs: number;
  readonly envelopeMs: number;
  readonly askMs: number;
  readonly openedAt: number;
  sizeBytes: number;
  committedAt: number | null;
  /** The target has forgotten it, and nobody has said why yet. */
  isDropped: boolean;
}

export class SessionStory {
  /** When the session began, or its last message ended. */
  #since = performance.now();
  /** When the commands came that are obeyed now. */
  #heardAt = 0;
  /** When the sender of a message was told; 0 while there is none. */
  #mailAt = 0;
  #askMs = 0;
  /** What the steps of a log-in took so far. */
  #loginMs = 0;
  #begun: Begun | null = null;

  constructor(readonly session: Session, readonly services: Services) {}

  /** Commands have come. */
  hears(): void {
    this.#heardAt = performance.now();
  }

  /** They were obeyed. */
  heard(): void {
    if (!this.session.hasSender) this.#mailAt = 0;
    else if (this.#mailAt === 0) this.#mailAt = this.#heardAt;
  }

  /** An encrypted stream has taken the place of what was there. */
  encrypted(stream: Stream): void {
    const { tls } = stream;
    if (!tls) return;
    const party = { ...this.#party(stream), tls };
    this.services.emit({ type: "tls.begun", party });
  }

  /** A policy has had its say. */
  asked(milliseconds: number): void {
    this.#askMs += milliseconds;
  }

  /** A step of a log-in, and not its last. */
  challenged(milliseconds: number): void {
    this.#loginMs += milliseconds;
  }

  /** The client has left one without an end. */
  cancelled(): void {
    this.#loginMs = 0;
  }

  loggedIn(
    stream: Stream,
    login: Login,
    milliseconds: number,
    by = this.services.loginsBy,
  ): void {
    const type = ({
      ok: "login.accepted",
      bad: "login.refused",
      later: "login.deferred",
    } as const)[login.type];
    const party = this.#party(stream);
    const { user, mechanism } = this.session.attempt;
    this.services.emit({
      ...{ type, party, mechanism },
      user: login.user ?? user,
      ...(by !== undefined && { by }),
      ...(login.type !== "ok" && login.why && { why: login.why }),
      milliseconds: this.#loginMs + milliseconds,
    });
    this.#loginMs = 0;
  }

  /** The text of a message is about to be asked for. */
  opens(envelope: Envelope): void {
    const now = performance.now();
    const mailAt = this.#mailAt || this.#heardAt;
    const { session } = this;
    this.#begun = {
      envelope,
      id: session.messageId,
      protocol: session.protocol,
      waitMs: Math.max(0, mailAt - this.#since),
      envelopeMs: now - mailAt,
      askMs: this.#askMs,
      openedAt: now,
      sizeBytes: 0,
      committedAt: null,
      isDropped: false,
    };
    this.#mailAt = 0;
    this.#askMs = 0;
  }

  /** The target takes no message now. */
  refusedToOpen(stream: Stream, refusal: Refusal): void {
    this.#refused(stream, replyOf(refusal), refusal.by ?? target);
  }

  appended(bytes: number): void {
    if (this.#begun) this.#begun.sizeBytes += bytes;
  }

  commits(): void {
    if (this.#begun) this.#begun.committedAt = performance.now();
  }

  /** @param actions what the session makes of it, its reply first */
  committed(
    stream: Stream,
    delivery: Delivery,
    [first]: readonly Action[],
  ): void {
    if (this.#begun === null) return;
    const said = first?.type === "reply" ? first.text : "";
    const reply = partsOf(said);
    if (delivery.type !== "stored") {
      return this.#refused(stream, reply, delivery.by ?? target);
    }
    const { emit } = this.services;
    const message = this.#message(this.#begun);
    const party = this.#party(stream);
    const queued = delivery.id;
    emit({ type: "message.stored", party, message, queued, reply });
    this.#over();
  }

  /** What was begun is forgotten, and why may be told yet. */
  dropped(): void {
    if (this.#begun) this.#begun.isDropped = true;
  }

  /** If it was forgotten, and nobody has said why, then it was left. */
  leaves(stream: Stream, why: Abandonment): void {
    const begun = this.#begun;
    if (begun === null || !begun.isDropped) return;
    const party = this.#party(stream), message = this.#message(begun);
    this.services.emit({ type: "message.abandoned", party, message, why });
    this.#over();
  }

  /** Only a bug explains it. */
  breaks(stream: Stream): void {
    this.dropped();
    this.leaves(stream, "error");
  }

  /** What the session itself has decided. */
  told(stream: Stream, told: Told): void {
    const { emit } = this.services;
    const { by } = told;
    const reply = partsOf(told.reply);
    switch (told.about) {
      case "message":
        return this.#refused(stream, reply, by);
      case "login":
        return this.loggedIn(stream, { type: "bad", user: told.user }, 0, by);
      case "sender": {
        const party = this.#party(stream);
        const message = this.#unbegun(told.sender);
        return emit({ type: "message.refused", party, message, reply, by });
      }
      case "recipient": {
        const party = this.#party(stream);
        const { sender, recipient } = told;
        const id = this.session.messageId;
        emit({
          type: "recipient.refused",
          ...{ party, id, sender, recipient, reply, by },
        });
      }
    }
  }

  #refused(
    stream: Stream,
    reply: Reply,
    by: string,
  ): void {
    if (this.#begun === null) return;
    const party = this.#party(stream), message = this.#message(this.#begun);
    this.services.emit({ type: "message.refused", party, message, reply, by });
    this.#over();
  }

  #over(): void {
    this.#begun = null;
    this.#since = performance.now();
  }

  #party(stream: Stream): Party {
    const tls = stream.tls ?? null;
    const { session, services: { connection } } = this;
    const { name, helo, user } = session;
    return { connection, session: name, helo, user, tls };
  }

  #message(begun: Begun): MessageFacts {
    const { id, envelope, protocol, sizeBytes, openedAt, committedAt } = begun;
    const { waitMs, envelopeMs, askMs } = begun;
    const now = performance.now();
    return {
      id,
      sender: envelope.sender,
      recipients: envelope.recipients,
      protocol,
      sizeBytes,
      target: this.services.target.name ?? null,
      phases: {
        ...{ waitMs, envelopeMs, askMs },
        textMs: (committedAt ?? now) - openedAt,
        deliveryMs: committedAt === null ? null : now - committedAt,
      },
    };
  }

  /** A message that was refused with its sender. */
  #unbegun(sender: string): MessageFacts {
    const { protocol } = this.session;
    return {
      ...{ id: null, sender, recipients: [], protocol },
      ...{ sizeBytes: 0, target: null },
      phases: {
        waitMs: this.#heardAt - this.#since,
        envelopeMs: null,
        askMs: 0,
        textMs: null,
        deliveryMs: null,
      },
    };
  }
}

/** A refusal as it is told. */
const replyOf = ({ code, enhanced, text }: Refusal) => ({
  code,
  text: enhanced === "" ? text : `${enhanced} ${text}`,
});

/** A line of a reply, taken apart. */
const partsOf = (reply: string) => ({
  code: Number(reply.slice(0, 3)),
  text: reply.slice(4).replace(/\r\n[^]*$/, ""),
});
