/**
 * Message text as a part of a session: how it begins, is read, and ends, by
 * DATA (RFC 5321 4.1.1.4) or in chunks (RFC 3030).
 *
 * @module
 */
import type { Refusal } from "../mail/answers.ts";
import { BinaryChunks, TextChunks } from "./chunks.ts";
import { type Chunk, commands, type Conversation } from "./conversation.ts";
import type { Framer } from "./framer.ts";
import { DataFramer } from "./framing.ts";
import { DoomedText } from "./doomed_text.ts";
import { IncomingMessage, type Outcome } from "./message.ts";
import { protocolName, received, shortName, shortNames } from "./received.ts";
import type { Transaction } from "./transaction.ts";

/** The target has, or has not, begun a message for the transaction. */
export function beginText(
  c: Conversation,
  result: { readonly type: "opened" } | Refusal,
): void {
  const { phase, limits } = c;
  const transaction = c.transaction!;
  if (result.type !== "opened") {
    c.transaction = null;
    const reply = c.say.refusal(result);
    if (phase.type === "chunk") c.skip(phase.left, reply);
    else c.reply(reply);
    return;
  }
  const trace = traceOf(c, transaction);
  const { classic, lfEndsLines = false } = c.config;
  const rules = {
    strict: !classic,
    lfEndsLines: lfEndsLines && !classic,
    lineBytes: limits.textLineBytes,
  };
  if (phase.type === "chunk") {
    transaction.chunks = incoming(
      c,
      transaction.parameters.binary
        ? new BinaryChunks(trace)
        : new TextChunks(trace, rules),
    );
    endChunk(c, phase);
  } else {
    const framer = new DataFramer(trace, rules);
    c.phase = { type: "text", message: incoming(c, framer) };
    c.transaction = null;
    c.reply(c.say.goAhead);
  }
}

/** Reads text after DATA; the first index that was not read. */
export function readText(
  c: Conversation,
  message: IncomingMessage,
  input: Uint8Array,
  from: number,
): number {
  const { at, outcome } = message.read(input, from);
  if (outcome.type !== "faulty") finish(c, outcome);
  else if (c.config.classic) leaveFaulty(c, outcome.reply);
  else {
    const { databytes } = c.config;
    const mostBytes = databytes > 0 ? databytes : Infinity;
    const text = new DoomedText(outcome.reply, input[at - 1], mostBytes);
    c.phase = { type: "doomed", text };
  }
  return at;
}

/** Reads what is left of a text that is refused, and leaves at its end. */
export function readDoomed(
  c: Conversation,
  text: DoomedText,
  input: Uint8Array,
  from: number,
): number {
  if (text.read(input, from)) leaveFaulty(c, text.reply);
  return input.length;
}

/** Where a forged end was seen, nothing more is read as a command. */
export function leaveFaulty(c: Conversation, reply: string): void {
  tellRefused(c, reply);
  c.hangUp(reply);
}

/** The same for a chunk. */
export function readChunk(
  c: Conversation,
  chunk: Chunk,
  input: Uint8Array,
  from: number,
): number {
  const to = Math.min(input.length, from + chunk.left);
  const message = c.transaction!.chunks!;
  const { outcome } = message.read(input.subarray(0, to), from);
  chunk.left -= to - from;
  if (outcome.type === "faulty") {
    c.transaction = null;
    tellRefused(c, outcome.reply);
    c.skip(chunk.left, outcome.reply);
  } else endChunk(c, chunk);
  return to;
}

/** If all of a chunk has been read, says what became of it. */
export function endChunk(c: Conversation, chunk: Chunk): void {
  if (chunk.left > 0) return;
  c.phase = commands;
  const message = c.transaction!.chunks!;
  if (chunk.last) {
    c.transaction = null;
    finish(c, message.finish());
  } else if (message.refusal) {
    c.transaction = null;
    tellRefused(c, message.refusal);
    c.reply(message.refusal);
  } else {
    const taken = c.say.chunkTaken(chunk.sizeBytes);
    if (chunk.sizeBytes > 0) c.reply(taken);
    else c.humour(taken);
  }
}

/** What a message that has ended comes to. */
function finish(c: Conversation, outcome: Outcome): void {
  switch (outcome.type) {
    case "unfinished":
      return;
    case "whole":
      c.out.act({ type: "commit" });
      c.waiting = "committed";
      break;
    case "refused":
    case "faulty":
      tellRefused(c, outcome.reply);
      c.reply(outcome.reply);
      break;
  }
  c.phase = commands;
}

function incoming(c: Conversation, framer: Framer): IncomingMessage {
  const { databytes } = c.config;
  return new IncomingMessage(
    framer,
    { databytes, limits: c.limits, say: c.say },
    c.out,
  );
}

/** The text of a message has shown that it is not to be taken. */
function tellRefused(c: Conversation, reply: string): void {
  const { say } = c;
  const by = reply === say.tooBig
    ? "databytes"
    : reply === say.looping
    ? "hops"
    : "text";
  c.tell({ about: "message", reply, by });
}

/** What goes before the message. */
function traceOf(c: Conversation, transaction: Transaction): string {
  const { connection, classic, now } = c.config;
  const protocol = protocolOf(c, transaction);
  // qmail-smtpd's line is as long as it comes.
  if (classic) return received(connection, c.helo, protocol, now());
  const names = shortNames(connection), helo = shortName(c.helo);
  return received(names, helo, protocol, now(), c.messageId);
}

/** What a message comes by; classic has one word for it. */
export function protocolOf(
  c: Conversation,
  transaction: Transaction | null,
): string {
  return protocolName(c.config.classic ? "HELO" : c.helloVerb, {
    utf8: transaction?.parameters.utf8 ?? false,
    encrypted: c.encrypted,
    user: c.login.user,
  });
}
