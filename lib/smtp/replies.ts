/**
 * Every text that a session says, in both dialects.
 *
 * Classic is qmail-smtpd's: the enhanced status stands in brackets after the
 * text of a refusal, and nowhere else. Default is RFC 2034's: it stands before
 * the text of every reply but the greeting, HELO's, EHLO's and 354.
 *
 * @module
 */
import type { Refusal } from "../mail/answers.ts";

type Status = `${2 | 4 | 5}.${number}.${number}`;

/** RFC 5321 4.5.3.1.5: a reply line has 512 octets, CRLF included. */
const replyLineBytes = 512;

const unprintable = /[^ -~\x80-\xff]+/g;

/** A reply of one line; what a target said may hold anything. */
function line(head: string, text: string, tail: string): string {
  const room = replyLineBytes - head.length - tail.length - 3; // a blank, CRLF
  return `${head} ${text.replace(unprintable, " ").slice(0, room)}${tail}\r\n`;
}

function classicReply(code: number, status: string, text: string): string {
  return line(`${code}`, text, code < 400 ? "" : ` (#${status})`);
}

function defaultReply(code: number, status: string, text: string): string {
  return line(`${code} ${status}`, text, "");
}

/** The replies that are the same for every session of a dialect. */
function fixedReplies(
  reply: (code: number, status: Status, text: string) => string,
) {
  return {
    goAhead: "354 go ahead\r\n",
    noop: reply(250, "2.0.0", "ok"),
    senderOk: reply(250, "2.1.0", "ok"),
    recipientOk: reply(250, "2.1.5", "ok"),
    flushed: reply(250, "2.0.0", "flushed"),
    wantMail: reply(503, "5.5.1", "MAIL first"),
    wantRcpt: reply(503, "5.5.1", "RCPT first"),
    nestedMail: reply(503, "5.5.1", "a sender is given already"),
    unimplemented: reply(502, "5.5.1", "unimplemented"),
    unrecognized: reply(500, "5.5.2", "command unrecognized"),
    syntax: reply(555, "5.5.4", "syntax error"),
    badArgument: reply(501, "5.5.4", "syntax error in the argument"),
    badSender: reply(501, "5.1.7", "syntax error in the reverse path"),
    badRecipient: reply(501, "5.1.3", "syntax error in the forward path"),
    noDomain: reply(553, "5.1.3", "this address wants a domain"),
    unknownParameter: reply(555, "5.5.4", "parameter not recognized"),
    refusedSender: reply(
      553,
      "5.7.1",
      "sorry, your envelope sender is in my badmailfrom list",
    ),
    noRelay: reply(
      553,
      "5.7.1",
      "sorry, that domain isn't in my list of allowed rcpthosts",
    ),
    tooManyRecipients: reply(452, "4.5.3", "too many recipients"),
    tooManyErrors: reply(421, "4.7.0", "too many errors"),
    tooManyHarmless: reply(421, "4.7.0", "too many commands without a message"),
    tooBig: reply(
      552,
      "5.3.4",
      "sorry, that message size exceeds my databytes limit",
    ),
    textLineTooLong: reply(554, "5.6.0", "a line of the message is too long"),
    utf8Needed: reply(553, "5.6.7", "this address needs SMTPUTF8"),
    notUtf8: reply(501, "5.6.7", "this address is not valid UTF-8"),
    binaryNeedsBdat: reply(503, "5.5.1", "a binary message comes by BDAT"),
    chunksBegun: reply(503, "5.5.1", "this message comes by BDAT"),
    startTls: reply(220, "2.0.0", "ready to start TLS"),
    encryptedAlready: reply(503, "5.5.1", "it is encrypted already"),
    transactionOpen: reply(503, "5.5.1", "not within a mail transaction"),
    loggedIn: reply(235, "2.7.0", "authenticated"),
    loggedInAlready: reply(503, "5.5.1", "you are authenticated already"),
    badCredentials: reply(535, "5.7.8", "these credentials are not valid"),
    tooManyLogins: reply(421, "4.7.0", "too many failed log-ins"),
    loginLineTooLong: reply(500, "5.5.6", "authentication line too long"),
    loginLater: reply(454, "4.7.0", "authentication does not work for now"),
    loginNeedsTls: reply(538, "5.7.11", "authentication needs encryption"),
    loginCancelled: reply(501, "5.7.0", "authentication cancelled"),
    unknownMechanism: reply(504, "5.5.4", "mechanism not recognized"),
    badResponse: reply(501, "5.5.2", "malformed response"),
    looping: reply(554, "5.4.6", "too many hops, this message is looping"),
    controlByte: reply(500, "5.5.2", "control byte in the command"),
    bareLfCommand: reply(500, "5.5.2", "a line ends with CRLF, not with LF"),
    lineTooLong: reply(500, "5.5.2", "line too long"),
    notHttp: reply(500, "5.5.1", "this is not HTTP"),
    bareLf: reply(554, "5.6.0", "the message holds a LF without its CR"),
    bareCr: reply(554, "5.6.0", "the message holds a CR without its LF"),
    nul: reply(554, "5.6.0", "the message holds a NUL"),
    outOfMemory: reply(421, "4.3.0", "out of memory"),
    timeout: reply(451, "4.4.2", "timeout"),
    shutDown: reply(421, "4.3.2", "shutting down"),
    help: reply(214, "2.0.0", "see RFC 5321"),
    vrfy: reply(252, "2.0.0", "not verified; send mail, it will be tried"),
  };
}

export interface Replies extends ReturnType<typeof fixedReplies> {
  greeting(name: string): string;
  helo(name: string): string;
  /** @param keywords of the extensions beyond the dialect's own */
  ehlo(name: string, keywords: readonly string[]): string;
  /** @param text not yet in base64 */
  challenge(text: string): string;
  chunkTaken(octets: number): string;
  quit(name: string): string;
  /** @param id the target's name for the message */
  stored(id: string, now: Date): string;
  refusal(refusal: Refusal): string;
}

const greetings = {
  greeting: (name: string) => `220 ${name} ESMTP\r\n`,
  helo: (name: string) => `250 ${name}\r\n`,
  challenge: (text: string) => `334 ${btoa(text)}\r\n`,
};

export const classicReplies: Replies = {
  ...fixedReplies(classicReply),
  ...greetings,
  ehlo: (name) => `250-${name}\r\n250-PIPELINING\r\n250 8BITMIME\r\n`,
  chunkTaken: (octets) => `250 ok ${octets}\r\n`,
  quit: (name) => `221 ${name}\r\n`,
  stored: (id, now) =>
    line("250 ok", `${Math.floor(now.getTime() / 1000)} qp ${id}`, ""),
  refusal: ({ code, enhanced, text }) =>
    enhanced ? classicReply(code, enhanced, text) : line(`${code}`, text, ""),
  help: "214 notqmail home page: https://notqmail.org\r\n",
  vrfy: "252 send some mail, i'll try my best\r\n",
  bareLf: "451 See https://cr.yp.to/docs/smtplf.html.\r\n",
};

export const defaultReplies: Replies = {
  ...fixedReplies(defaultReply),
  ...greetings,
  ehlo: (name, keywords) => {
    const lines = [name, "PIPELINING", "8BITMIME", ...keywords];
    return lines.map((each) => `250-${each}\r\n`).join("") +
      "250 ENHANCEDSTATUSCODES\r\n";
  },
  chunkTaken: (octets) => defaultReply(250, "2.0.0", `${octets} octets taken`),
  quit: (name) => `221 2.0.0 ${name}\r\n`,
  stored: (id) => defaultReply(250, "2.0.0", `ok ${id}`),
  refusal: ({ code, enhanced, text }) =>
    defaultReply(code, enhanced || (code < 500 ? "4.3.0" : "5.3.0"), text),
};
