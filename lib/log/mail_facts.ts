/**
 * What the mail log says of an event: its fields, in the order that they have
 * in every line. postern-log(5) has them as a table.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type {
  DeliveryFacts,
  GateEvent,
  MessageFacts,
  Party,
  Reply,
} from "../base/events.ts";

/** Takes the fields of one line; null says nothing. */
export interface Fields {
  word(key: string, value: string | null): void;
  number(key: string, value: number | null): void;
  list(key: string, values: readonly string[]): void;
  /** What is for people, at the end of a line. */
  text(key: string, value: string): void;
}

/** The fields that hold several values. */
export const listFields: ReadonlySet<string> = new Set(["to"]);

/** What lines begin with, after their time. */
export const verbs = [
  "message.stored",
  "message.refused",
  "message.abandoned",
  "recipient.refused",
  "filter.answered",
  "client.refused",
  "delivery.stored",
  "delivery.deferred",
  "delivery.failed",
  "login.accepted",
  "login.refused",
  "login.deferred",
  "tls.begun",
  "tls.failed",
  "connection.deny",
  "settings.refreshed",
  "rules.read",
  "certificate.taken",
  "log.lost",
] as const;

/** A message has no more of its recipients in a line; the others are counted. */
const mostRecipients = 10;

/** The null sender, and a recipient of which nothing is left. */
export const nullPath = "<>";

const inMailLog: ReadonlySet<string> = new Set(verbs);

export const isInMailLog = ({ type }: GateEvent): boolean =>
  inMailLog.has(type);

/** Tells the fields of an event; false if it has no line. */
export function tellFields(event: GateEvent, to: Fields): boolean {
  switch (event.type) {
    case "message.stored":
      tellParty(event.party, event.message.id, to);
      tellMessage(event.message, to);
      to.number("code", event.reply.code);
      to.word("queued", event.queued);
      tellPhases(event.message, to);
      to.text("reply", event.reply.text);
      return true;
    case "message.refused":
      tellParty(event.party, event.message.id, to);
      tellMessage(event.message, to);
      tellRefusal(event, to);
      tellPhases(event.message, to);
      to.text("reply", event.reply.text);
      return true;
    case "message.abandoned":
      tellParty(event.party, event.message.id, to);
      tellMessage(event.message, to);
      to.word("by", event.why);
      tellPhases(event.message, to);
      return true;
    case "recipient.refused":
      tellParty(event.party, event.id, to);
      to.word("from", event.sender || nullPath);
      to.list("to", [event.recipient || nullPath]);
      tellRefusal(event, to);
      to.text("reply", event.reply.text);
      return true;
    case "client.refused":
      tellParty(event.party, null, to);
      tellRefusal(event, to);
      to.text("reply", event.reply.text);
      return true;
    case "filter.answered":
      to.number("conn", event.connection.number ?? null);
      to.word("session", event.session);
      to.word("id", event.id);
      tellEnd(event.connection, to);
      to.word("filter", event.filter);
      to.word("answer", event.answer);
      to.number("filter_ms", whole(event.milliseconds));
      to.text("remark", event.remark);
      return true;
    case "delivery.stored":
      tellDelivery(event.delivery, to);
      to.word("queued", event.queued);
      tellAttempt(event.delivery, to);
      return true;
    case "delivery.deferred":
    case "delivery.failed":
      tellDelivery(event.delivery, to);
      to.number("code", event.reply.code);
      tellAttempt(event.delivery, to);
      if (event.type === "delivery.failed") to.word("report", event.report);
      else to.word("due", new Date(event.due).toISOString());
      to.text("reply", event.reply.text);
      return true;
    case "login.accepted":
    case "login.refused":
    case "login.deferred":
      tellParty({ ...event.party, user: event.user }, null, to);
      to.word("mech", event.mechanism || null);
      to.word("by", event.by ?? null);
      to.number("login_ms", whole(event.milliseconds));
      if (event.why !== undefined) to.text("reason", event.why);
      return true;
    case "tls.begun":
      tellParty(event.party, null, to);
      to.number("handshake_ms", whole(event.party.tls.handshakeMs));
      return true;
    case "tls.failed":
      if (event.connection !== null) tellClient(event.connection, null, to);
      else to.word("client", event.ip);
      to.text("reason", event.reason);
      return true;
    case "connection.deny":
      to.number("conn", event.number);
      tellEnd(event.connection, to);
      to.word("by", "rules");
      to.word("rule", event.rule ?? null);
      return true;
    case "settings.refreshed":
      return true;
    case "rules.read":
      to.word("path", event.path);
      return true;
    case "certificate.taken":
      to.word("path", event.path);
      to.word("until", event.until);
      return true;
    default:
      return false;
  }
}

function tellParty(
  { connection, session, helo, user, tls }: Party,
  id: string | null,
  to: Fields,
): void {
  to.number("conn", connection.number ?? null);
  to.word("session", session);
  to.word("id", id);
  tellEnd(connection, to);
  to.word("helo", helo);
  if (tls !== null) {
    to.word("tls", tls.version);
    to.word("cipher", tls.cipher);
  }
  to.word("user", user);
}

function tellClient(
  connection: Connection,
  session: string | null,
  to: Fields,
): void {
  to.number("conn", connection.number ?? null);
  to.word("session", session);
  tellEnd(connection, to);
}

function tellEnd(
  { remote, remoteHost, remoteInfo }: Connection,
  to: Fields,
): void {
  to.word("client", remote.ip);
  to.number("port", remote.port);
  to.word("name", remoteHost);
  to.word("ident", remoteInfo);
}

function tellMessage(
  { sender, recipients, protocol, sizeBytes, target }: MessageFacts,
  to: Fields,
): void {
  to.word("from", sender || nullPath);
  to.list(
    "to",
    recipients.length <= mostRecipients
      ? recipients
      : recipients.slice(0, mostRecipients),
  );
  to.number("rcpts", recipients.length);
  to.number("size", sizeBytes);
  to.word("proto", protocol);
  to.word("target", target);
}

function tellDelivery(
  { id, sender, recipient, sizeBytes, target }: DeliveryFacts,
  to: Fields,
): void {
  to.word("session", sessionOf(id));
  to.word("id", id);
  to.word("from", sender || nullPath);
  to.list("to", [recipient || nullPath]);
  to.number("size", sizeBytes);
  to.word("target", target);
}

function tellAttempt(
  { attempts, milliseconds }: DeliveryFacts,
  to: Fields,
): void {
  to.number("delivery_ms", whole(milliseconds));
  to.number("attempts", attempts);
}

/** That of the gate: a message's id begins with it. */
const sessionOf = (id: string) => id.replace(/-[^-]*$/, "");

function tellRefusal(
  { reply, by }: { readonly reply: Reply; readonly by: string },
  to: Fields,
): void {
  to.number("code", reply.code);
  to.word("by", by);
}

function tellPhases({ phases }: MessageFacts, to: Fields): void {
  to.number("wait_ms", whole(phases.waitMs));
  to.number("envelope_ms", whole(phases.envelopeMs));
  to.number("ask_ms", whole(phases.askMs));
  to.number("text_ms", whole(phases.textMs));
  to.number("delivery_ms", whole(phases.deliveryMs));
}

const whole = (milliseconds: number | null) =>
  milliseconds === null ? null : Math.round(milliseconds);
