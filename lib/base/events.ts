/**
 * What happens in a gate, told once; lines of a log, JSON and counters are
 * made of it by whoever listens.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { reason } from "./reason.ts";
import type { TlsFacts } from "./stream.ts";

/** Who a session is with, as far as that is known by now. */
export interface Party {
  readonly connection: Connection;
  /** Unlike that of any other session, of whatever gate. */
  readonly session: string;
  /** A byte string; null before HELO. */
  readonly helo: string | null;
  /** Who has logged in, a byte string; null for nobody. */
  readonly user: string | null;
  readonly tls: TlsFacts | null;
}

/** A reply, as far as it is one line; a byte string. */
export interface Reply {
  readonly code: number;
  /** With the enhanced status, if there is one. */
  readonly text: string;
}

/** A message, from its sender to its end. Addresses are byte strings. */
export interface MessageFacts {
  /**
   * The same in its Received field, and unlike any other's; null for one that
   * was refused with its sender.
   */
  readonly id: string | null;
  /** Empty for the null sender. */
  readonly sender: string;
  /** Those that were accepted. */
  readonly recipients: readonly string[];
  /** As HELO, EHLO and TLS make it: SMTP, ESMTPS and so on. */
  readonly protocol: string;
  /** Bytes that were handed to the target, our Received field among them. */
  readonly sizeBytes: number;
  /** As it was named; null where nobody knows, or there was none. */
  readonly target: string | null;
  readonly phases: Phases;
}

/** Milliseconds; null for what a message did not come to. */
export interface Phases {
  /** From the start of the session, or the last message, to the sender. */
  readonly waitMs: number;
  /** From the sender until the text is asked for. */
  readonly envelopeMs: number | null;
  /** What policies took of that. */
  readonly askMs: number;
  /** From there to the end of the text. */
  readonly textMs: number | null;
  /** What the target took, from the end of the text to its answer. */
  readonly deliveryMs: number | null;
}

/** What a drain did with one recipient of a message of a shared queue. */
export interface DeliveryFacts {
  /** Of the message, as where it was accepted. */
  readonly id: string;
  /** Empty for the null sender. */
  readonly sender: string;
  readonly recipient: string;
  readonly sizeBytes: number;
  /** As it was named; null where there is no way. */
  readonly target: string | null;
  /** How often it was tried, this time included. */
  readonly attempts: number;
  /** What the target took; null where it was not asked. */
  readonly milliseconds: number | null;
}

export type GateEvent =
  /** There is one connection more or less, of so many that may be. */
  | {
    readonly type: "status";
    readonly active: number;
    readonly limit: number;
    /** Whether somebody wants to know it now (SIGUSR1). */
    readonly asked: boolean;
  }
  /** How long the turns of the event loop are (SIGUSR2). */
  | {
    readonly type: "turns";
    readonly count: number;
    /** 99 of 100 took at most this. */
    readonly mostMs: number;
    readonly longestMs: number;
  }
  /** A connection has its number: a pid, or what stands for one. */
  | {
    readonly type: "connection.begun";
    readonly number: number;
    readonly ip: string;
  }
  | {
    readonly type: "connection.ok";
    readonly number: number;
    readonly connection: Connection;
  }
  | {
    readonly type: "connection.deny";
    readonly number: number;
    readonly connection: Connection;
    /** Which of the access rules has decided. */
    readonly rule?: string | null;
  }
  | {
    readonly type: "connection.dropped";
    readonly what: string;
    readonly why: string;
  }
  | {
    readonly type: "connection.ended";
    readonly number: number;
    /** As of wait(2). */
    readonly waitStatus: number;
  }
  /** Only a bug explains it: it costs one connection, no more. */
  | {
    readonly type: "connection.broken";
    readonly error: unknown;
    /** Of the connection, where it has one. */
    readonly number?: number | null;
  }
  /** `queued` is the target's own name for it. */
  | {
    readonly type: "message.stored";
    readonly party: Party;
    readonly message: MessageFacts;
    readonly queued: string;
    readonly reply: Reply;
  }
  /** The message as a whole; `by` says who or what decided. */
  | {
    readonly type: "message.refused";
    readonly party: Party;
    readonly message: MessageFacts;
    readonly reply: Reply;
    readonly by: string;
  }
  /** Its text was begun, and did not come to its end. */
  | {
    readonly type: "message.abandoned";
    readonly party: Party;
    readonly message: MessageFacts;
    readonly why: Abandonment;
  }
  | {
    readonly type: "recipient.refused";
    readonly party: Party;
    /** Of the message that it was to be for. */
    readonly id: string;
    readonly sender: string;
    readonly recipient: string;
    readonly reply: Reply;
    readonly by: string;
  }
  /** It was left before it was greeted. */
  | {
    readonly type: "client.refused";
    readonly party: Party;
    readonly reply: Reply;
    readonly by: string;
  }
  /** A user name is a byte string, and the client's word. */
  | {
    readonly type: "login.accepted" | "login.refused" | "login.deferred";
    readonly party: Party;
    readonly user: string;
    /** Of SASL. */
    readonly mechanism?: string;
    /** Who has decided. */
    readonly by?: string;
    /** What he has said of that. */
    readonly why?: string;
    /** What checking took. */
    readonly milliseconds: number;
  }
  | { readonly type: "tls.begun"; readonly party: Party & { tls: TlsFacts } }
  | {
    readonly type: "tls.failed";
    readonly ip: string;
    /** null where it is not known. */
    readonly connection: Connection | null;
    readonly reason: string;
  }
  /** rblsmtpd keeps a client from smtpd; the reply is a byte string. */
  | {
    readonly type: "client.blocked";
    readonly number: number;
    readonly ip: string;
    readonly reply: string;
  }
  /** recordio has seen bytes: from the client, or to it. */
  | {
    readonly type: "bytes.recorded";
    readonly number: number;
    readonly direction: "<" | ">";
    readonly text: string;
    /** Behind the text: a line has ended, or goes on; or all has. */
    readonly end: " " | "+" | "[EOF]";
  }
  /** A policy, or a DNS list, has been asked about a recipient. */
  | {
    readonly type: "policy.answered";
    readonly policy: string;
    readonly answer: "accept" | "later" | "never";
    readonly milliseconds: number;
  }
  /** A filter has been shown a message, or asked about one of its recipients. */
  | {
    readonly type: "filter.answered";
    readonly connection: Connection;
    readonly session: string;
    /** Of the message. */
    readonly id: string;
    readonly filter: string;
    readonly answer: FilterAnswer;
    /** Its own words, as `7.10 of 15.00`; a byte string. */
    readonly remark: string;
    readonly milliseconds: number;
  }
  /** `queued` is the target's own name for it. */
  | {
    readonly type: "delivery.stored";
    readonly delivery: DeliveryFacts;
    readonly queued: string;
  }
  /** It is tried again. */
  | {
    readonly type: "delivery.deferred";
    readonly delivery: DeliveryFacts;
    readonly reply: Reply;
    /** Milliseconds since 1970. */
    readonly due: number;
  }
  /** It is not. */
  | {
    readonly type: "delivery.failed";
    readonly delivery: DeliveryFacts;
    readonly reply: Reply;
    /** The message that tells its sender; null: it is among the dead. */
    readonly report: string | null;
  }
  /** SIGHUP was heeded. What could not be read again is a trouble. */
  | { readonly type: "settings.refreshed" }
  /** An access rules file is another than before. */
  | { readonly type: "rules.read"; readonly path: string }
  /** A certificate is shown from now on; `until` is its last moment. */
  | {
    readonly type: "certificate.taken";
    readonly path: string;
    readonly until: string | null;
  }
  /** Something for the administrator to look after. */
  | { readonly type: "trouble"; readonly text: string };

/** What a filter wants: `folder`, that it is put aside. */
export type FilterAnswer = "pass" | "folder" | "discard" | "later" | "never";

/** Who or what has ended a message before its end. */
export type Abandonment = "client" | "reset" | "timeout" | "shutdown" | "error";

export type Emit = (event: GateEvent) => void;

/** A trouble, and maybe the error that it came of. */
export const trouble = (text: string, error?: unknown): GateEvent => ({
  type: "trouble",
  text: error === undefined ? text : `${text}: ${reason(error)}`,
});
