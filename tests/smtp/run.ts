/**
 * Drives sessions in tests: what the driver of lib/smtpd does, without a
 * connection, and with an eye on the order of the actions.
 *
 * @module
 */
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import type {
  Answer,
  Delivery,
  Login,
  Refusal,
} from "../../lib/mail/answers.ts";
import type { Envelope } from "../../lib/mail/envelope.ts";
import type { Action, Inquiry } from "../../lib/smtp/actions.ts";
import { Session, type SessionConfig } from "../../lib/smtp/session.ts";

/** All that came of a session. */
export interface Run {
  replies: string;
  exitCode: 0 | 1 | undefined;
  stored: { envelope: Envelope; message: string }[];
  abandoned: number;
  asked: Inquiry[];
}

export interface Answers {
  answered?: Answer;
  /** A recipient that the answer is 550 for. */
  nobody?: string;
  /** Who may log in with the password "secret", unless it cannot be told. */
  login?: Login | { readonly type: "user"; readonly name: string };
  opened?: { readonly type: "opened" } | Refusal;
  committed?: Delivery;
  /** How it is left if the session has not closed. */
  leaving?: "end" | "timeout" | "shutDown" | "stay";
}

export const testConfig: SessionConfig = {
  classic: false,
  greeting: "mx.example.org",
  localIpHost: "mx.example.org",
  isLocalAddress: (ip) => ip === "127.0.0.1",
  relayClient: null,
  acceptsRecipientDomain: (domain) => domain === "example.com",
  refusesSender: (sender) => sender === "bad@b.c",
  databytes: 0,
  connection: {
    local: { ip: "192.0.2.1", port: 25 },
    remote: { ip: "192.0.2.7", port: 49152 },
    localHost: "gate.example",
    remoteHost: "client.example",
    remoteInfo: null,
    variables: [],
    encrypted: false,
  },
  now: () => new Date("2026-11-24T08:12:19Z"),
};

const noMailbox: Answer = {
  type: "never",
  code: 550,
  enhanced: "5.1.1",
  text: "no such mailbox",
};

/** Input cut into pieces of the given sizes, used in turn. */
export function* pieces(input: string, sizes: number[]): Generator<string> {
  for (let at = 0, i = 0; at < input.length; i++) {
    const size = sizes[i % sizes.length];
    yield input.slice(at, at + size);
    at += size;
  }
}

/** One buffer for all input, overwritten each time, as the driver's is. */
const buffer = new Uint8Array(1 << 16);

/** What there is before anything has happened. */
export function newRun(): Run {
  return {
    replies: "",
    exitCode: undefined,
    stored: [],
    abandoned: 0,
    asked: [],
  };
}

/**
 * Runs a whole session.
 *
 * @param input byte strings, each a read of its own, asked for when needed
 * @param result is filled as the session goes on
 * @throws if the actions come in an order that makes no sense
 */
export function run(
  config: SessionConfig,
  input: Iterable<string>,
  answers: Answers = {},
  result = newRun(),
): Run {
  const session = new Session(config);
  let envelope: Envelope | null = null;
  let parts: Uint8Array[] = [];

  function perform(actions: Action[]): void {
    actions.forEach((action, i) => {
      const last = i === actions.length - 1;
      if (result.exitCode !== undefined) throw new Error("it goes on, closed");
      switch (action.type) {
        case "reply":
          result.replies += action.text;
          break;
        case "ask":
          if (!last) throw new Error("ask out of order");
          result.asked.push(action.inquiry);
          perform(session.answered(
            action.inquiry.recipient === answers.nobody
              ? noMailbox
              : answers.answered ?? { type: "accept" },
          ));
          break;
        case "authenticate": {
          if (!last) throw new Error("authenticate out of order");
          const login = answers.login ?? { type: "bad" };
          const { user, password } = action.credentials;
          const good = login.type === "user" && user === login.name &&
            password === "secret";
          perform(session.authenticated(
            login.type !== "user" ? login : { type: good ? "ok" : "bad" },
          ));
          break;
        }
        case "startTls":
          if (!last) throw new Error("startTls out of order");
          perform(session.encrypted());
          break;
        case "open": {
          if (envelope || !last) throw new Error("open out of order");
          const word = answers.opened ?? { type: "opened" };
          if (word.type === "opened") envelope = action.envelope;
          perform(session.opened(word));
          break;
        }
        case "append":
          if (!envelope) throw new Error("append without a message");
          if (action.bytes.buffer === buffer.buffer) throw new Error("no copy");
          if (action.bytes.length === 0) throw new Error("append of nothing");
          parts.push(action.bytes);
          break;
        case "commit": {
          if (!envelope || !last) throw new Error("commit out of order");
          const word = answers.committed ?? { type: "stored", id: "77" };
          const message = parts.map(fromBytes).join("");
          if (word.type === "stored") result.stored.push({ envelope, message });
          envelope = null;
          parts = [];
          perform(session.committed(word));
          break;
        }
        case "abandon":
          if (!envelope) throw new Error("abandon without a message");
          envelope = null;
          parts = [];
          result.abandoned++;
          break;
        case "close":
          if (envelope || !last) throw new Error("close out of order");
          result.exitCode = action.exitCode;
          break;
      }
    });
    const closed = session.waiting === "closed";
    if (closed !== (result.exitCode !== undefined)) {
      throw new Error(`waiting for ${session.waiting}`);
    }
  }

  perform(session.start());
  for (const piece of input) {
    if (result.exitCode !== undefined) break;
    const bytes = toBytes(piece);
    for (let at = 0; at < bytes.length; at += buffer.length) {
      if (result.exitCode !== undefined) break;
      const part = bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      perform(session.ingest(buffer.subarray(0, part.length)));
      buffer.fill(0xff);
      while (session.hasUnread) perform(session.proceed());
    }
  }
  if (result.exitCode === undefined) {
    if (answers.leaving === "timeout") perform(session.timeout());
    else if (answers.leaving === "shutDown") perform(session.shutDown());
    else if (answers.leaving !== "stay") perform(session.end());
  }
  return result;
}
