/**
 * The commands of SMTP (RFC 5321 4.1) and of its extensions.
 *
 * @module
 */
import { endChunk } from "./text.ts";
import { chunkOf, httpVerbs, unimplementedVerbs } from "./commands.ts";
import { parseCommand } from "../mail/command_lines.ts";
import type { Conversation } from "./conversation.ts";
import type { LoginStep } from "./login.ts";
import type { LoginAnswer } from "../mail/answers.ts";
import { Recipients } from "./recipients.ts";
import type { Transaction } from "./transaction.ts";

/** Does what a command line says, or says why not. */
export function obey(c: Conversation, line: string): void {
  const { classic, greeting } = c.config;
  const say = c.say;
  const { verb, argument } = parseCommand(line);
  switch (verb) {
    case "RCPT":
      return rcpt(c, argument);
    case "MAIL":
      return mail(c, argument);
    case "DATA":
      return data(c, argument);
    case "QUIT":
      c.endTransaction();
      c.reply(say.quit(greeting));
      return c.close(0);
    case "HELO":
    case "EHLO":
      return hello(c, verb, argument);
    case "RSET":
      if (!classic && argument) return c.refuse(say.badArgument);
      c.endTransaction();
      return c.humour(say.flushed);
    case "HELP":
      return c.humour(say.help);
    case "NOOP":
      return c.humour(say.noop);
    case "VRFY":
      return c.humour(say.vrfy);
  }
  if (classic) {
    c.reply(say.unimplemented);
    return;
  }
  switch (verb) {
    case "BDAT":
      return bdat(c, argument);
    case "STARTTLS":
      return startTls(c, argument);
    case "AUTH":
      return auth(c, argument);
  }
  if (httpVerbs.has(verb)) c.hangUp(say.notHttp);
  else if (unimplementedVerbs.has(verb)) c.refuse(say.unimplemented);
  else c.refuse(say.unrecognized);
}

/** RFC 5321 4.5.3.1.2: of a name in HELO. */
const mostNameBytes = 255;

function hello(c: Conversation, verb: "HELO" | "EHLO", argument: string): void {
  const { classic, greeting } = c.config;
  const isName = argument !== "" && argument.length <= mostNameBytes;
  if (!classic && !isName) return c.refuse(c.say.badArgument);
  c.endTransaction();
  c.helo = argument;
  c.helloVerb = verb;
  c.humour(
    verb === "EHLO" ? c.say.ehlo(greeting, keywords(c)) : c.say.helo(greeting),
  );
}

/** The extensions that EHLO names. */
function keywords(c: Conversation): string[] {
  const offers = c.offers;
  const { databytes } = c.config;
  const list = [databytes > 0 ? `SIZE ${databytes}` : "SIZE", "CHUNKING"];
  if (offers.binaryMime) list.push("BINARYMIME");
  if (offers.smtpUtf8) list.push("SMTPUTF8");
  if (offers.startTls && !c.encrypted) list.push("STARTTLS");
  if (offers.auth && c.encrypted) {
    const { mechanisms } = c.login;
    if (mechanisms.length > 0) list.push(`AUTH ${mechanisms.join(" ")}`);
  }
  list.push(`LIMITS RCPTMAX=${c.limits.recipients}`); // RFC 9422
  return list;
}

function startTls(c: Conversation, argument: string): void {
  const say = c.say;
  if (!c.offers.startTls) return c.refuse(say.unimplemented);
  if (argument) return c.refuse(say.badArgument);
  if (c.encrypted) return c.refuse(say.encryptedAlready);
  if (c.transaction) return c.refuse(say.transactionOpen);
  c.reply(say.startTls);
  c.out.act({ type: "startTls" });
  c.waiting = "encrypted";
}

function auth(c: Conversation, argument: string): void {
  const say = c.say;
  if (!c.offers.auth) return c.refuse(say.unimplemented);
  if (!c.encrypted) return c.refuse(say.loginNeedsTls);
  if (c.login.user !== null) return c.refuse(say.loggedInAlready);
  if (c.transaction) return c.refuse(say.transactionOpen);
  loginStep(c, c.login.begin(argument));
}

export function loginStep(c: Conversation, step: LoginStep): void {
  switch (step.type) {
    case "refused":
      return c.refuse(step.reply);
    case "challenge":
      c.reply(step.reply);
      c.phase = { type: "login" };
      return;
    case "authenticate":
    case "passOn":
      c.out.act(step);
      c.waiting = "authenticated";
      return;
    case "cancel":
      c.out.act({ type: "cancelLogin" });
      return c.refuse(step.reply);
    case "bad": {
      const { attempted: user } = c.login;
      const reply = c.say.badCredentials;
      c.tell({ about: "login", user, reply, by: "authorization-identity" });
      return settleLogin(c, { type: "bad" });
    }
  }
}

/** What became of an attempt to log in, or what is to be asked yet. */
export function settleLogin(c: Conversation, answer: LoginAnswer): void {
  if (answer.type === "challenge") {
    c.reply(c.say.challenge(atob(answer.challenge)));
    c.phase = { type: "login" };
    return;
  }
  const { type, reply } = c.login.settle(answer);
  switch (type) {
    case "taken":
      return c.reply(reply);
    case "refused":
      return c.refuse(reply);
    case "hangUp":
      return c.hangUp(reply);
  }
}

function mail(c: Conversation, argument: string): void {
  const { classic } = c.config;
  if (c.transaction && !classic) {
    return c.refuse(c.say.nestedMail);
  }
  const read = c.envelopes.sender(argument);
  if (read.type === "refused") {
    const { reply, by } = read;
    c.tell({ about: "sender", sender: pathIn(argument), reply, by });
    return c.refuse(reply);
  }
  const { user, senders } = c.login;
  const refusal = user === null
    ? null
    : c.config.refusesSubmitter?.({ user, senders }, read.address) ?? null;
  if (refusal !== null) {
    const reply = c.say.refusal(refusal);
    const by = refusal.by ?? "sender-login";
    c.tell({ about: "sender", sender: read.address, reply, by });
    return c.refuse(reply);
  }
  c.transaction = {
    sender: read.address,
    parameters: read.parameters,
    eightBit: read.eightBit ?? false,
    refused: c.config.refusesSender(read.address),
    number: ++c.messages,
    recipients: new Recipients(c.limits),
    chunks: null,
  };
  // It may come again and again without ever being followed by a message.
  c.humour(c.say.senderOk);
}

function rcpt(c: Conversation, argument: string): void {
  const say = c.say;
  const transaction = c.transaction;
  if (!transaction) return c.refuse(say.wantMail);
  if (transaction.chunks) return c.refuse(say.chunksBegun);
  const read = c.envelopes.recipient(
    argument,
    transaction.parameters.utf8,
    transaction.refused,
    // Who has logged in may send to anybody.
    c.config.relayClient ?? (c.login.user === null ? null : ""),
  );
  if (read.type === "refused") {
    c.tellRecipient(pathIn(argument), read.reply, read.by);
    const isSomebody = read.by !== "syntax" || hasBrackets(argument);
    return isSomebody ? c.refuseRecipient(read.reply) : c.refuse(read.reply);
  }
  const { recipients } = transaction;
  if (recipients.isFullFor(read.address) || c.hasRefusedTooMany) {
    const { classic } = c.config;
    const reply = classic ? say.outOfMemory : say.tooManyRecipients;
    c.tellRecipient(read.address, reply, "recipients-limit");
    if (classic) c.hangUp(reply);
    else if (recipients.isOneTooMany()) c.refuse(reply);
    else c.reply(reply);
  } else if (c.config.asks) ask(c, transaction, read.address);
  else {
    recipients.add(read.address);
    c.reply(say.recipientOk);
  }
}

/** Whether RCPT means somebody, though nobody can have such an address. */
const hasBrackets = (argument: string): boolean =>
  /^TO: *<[^<>]+>/i.test(argument);

/** What stands between the brackets, of what was refused; else all of it. */
const pathIn = (argument: string): string =>
  /<([^]*)>/.exec(argument)?.[1] ?? argument.replace(/^(?:FROM|TO):\s*/i, "");

function ask(
  c: Conversation,
  transaction: Transaction,
  recipient: string,
): void {
  const { eightBit, parameters: { sizeBytes, utf8 } } = transaction;
  c.asked = recipient;
  c.waiting = "answered";
  c.out.act({
    type: "ask",
    inquiry: {
      helo: c.helo,
      protocol: c.helloVerb === "EHLO" ? "ESMTP" : "SMTP",
      ...whoLoggedIn(c),
      encrypted: c.encrypted,
      sender: transaction.sender,
      recipient,
      sizeBytes,
      ...(eightBit && { eightBit }),
      ...(utf8 && { utf8 }),
      recipientCount: transaction.recipients.count,
      messageNumber: transaction.number,
    },
  });
}

function whoLoggedIn({ login: { user, mechanism } }: Conversation) {
  return user === null ? { user } : { user, mechanism };
}

function data(c: Conversation, argument: string): void {
  const say = c.say;
  const transaction = c.transaction;
  if (!c.config.classic && argument) return c.refuse(say.badArgument);
  if (!transaction) return c.refuse(say.wantMail);
  if (transaction.chunks) return c.refuse(say.chunksBegun);
  if (transaction.parameters.binary) return c.refuse(say.binaryNeedsBdat);
  if (transaction.recipients.count === 0) return c.refuse(say.wantRcpt);
  open(c, transaction);
}

function bdat(c: Conversation, argument: string): void {
  const say = c.say;
  const transaction = c.transaction;
  const chunk = chunkOf(argument);
  // Where the text ends and the next command begins cannot be told.
  if (!chunk) return c.hangUp(say.badArgument);
  const { sizeBytes, last } = chunk;
  if (!transaction) return c.skip(sizeBytes, say.wantMail);
  if (transaction.recipients.count === 0) {
    return c.skip(sizeBytes, say.wantRcpt);
  }
  c.phase = { type: "chunk", sizeBytes, left: sizeBytes, last };
  if (transaction.chunks) endChunk(c, c.phase);
  else open(c, transaction);
}

function open(
  c: Conversation,
  { sender, recipients, parameters }: Transaction,
): void {
  const { binary } = parameters;
  c.out.act({
    type: "open",
    envelope: { sender, recipients: recipients.addresses, binary },
    origin: { helo: c.helo, ...whoLoggedIn(c) },
  });
  c.waiting = "opened";
}
