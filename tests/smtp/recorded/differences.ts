/**
 * Where postern means to do otherwise than qmail-smtpd.
 *
 * @module
 */
import type { Seen } from "./case.ts";

export interface Difference {
  readonly why: string;
  readonly instead: Partial<Seen>;
}

const trace = "Received: from client.example (192.0.2.7)\n" +
  "  by gate.example with SMTP; DATE\n";

const noRelay =
  "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)\r\n";

/** The answers to RCPT in control_cases.ts, for some that are taken. */
function recipients(taken: readonly number[]): string {
  const replies = Array.from(
    { length: 33 },
    (_, i) => taken.includes(i) ? "250 ok\r\n" : noRelay,
  );
  return "220 mx.example.org ESMTP\r\n250 ok\r\n" + replies.join("") +
    "354 go ahead\r\n250 ok N qp N\r\n221 mx.example.org\r\n";
}

const local = [31, 32]; // <local> and <>

const noOpenRelay: Difference = {
  why: "without rcpthosts it takes mail for the host itself, not for everyone",
  instead: {
    replies: recipients([26, 29, ...local]),
    queued: [{
      message: `${trace}t\n`,
      envelope: "Fa@b.c\0Tx@mx.example.org\0Tx@mx.example.org\0" +
        "Tlocal\0T\0\0",
    }],
  },
};

const wideNumbers = (body: string): Difference => ({
  why: "a limit is not cut to 32 bits",
  instead: {
    replies: "220 mx.example.org ESMTP\r\n250 ok\r\n250 ok\r\n" +
      "354 go ahead\r\n250 ok N qp N\r\n221 mx.example.org\r\n",
    queued: [{
      message: `${trace}Subject: t\n\n${body}\n`,
      envelope: "Fa@b.c\0Tx@example.com\0\0",
    }],
  },
});

/** By the name of the case. */
export const differences: Readonly<Record<string, Difference>> = {
  "line: of 70000 bytes": {
    why: "a command line may not fill the memory: 65,536 bytes are the limit",
    instead: {
      replies: "220 mx.example.org ESMTP\r\n421 out of memory (#4.3.0)\r\n",
      exit: 1,
    },
  },
  "address: literal, beyond 255": {
    why:
      "a number above 255 is no part of an address; qmail takes its low byte",
    instead: {
      queued: [{
        message: `${trace}t\n`,
        envelope: "Fu@[383.256.512.257]\0Tknown@example.com\0" +
          "Tu@[383.256.512.257]\0\0",
      }],
    },
  },
  "address: literal, IPv6": {
    why: "a literal of IPv6 may be one of ours too",
    instead: {
      queued: [{
        message: `${trace}t\n`,
        envelope: "Fu@mx.example.org\0Tknown@example.com\0" +
          "Tu@mx.example.org\0\0",
      }],
    },
  },
  "localiphost: missing, and me": {
    why: "where me is missing, the machine's host name stands for it",
    instead: {
      queued: [{
        message: `${trace}t\n`,
        envelope: `Fa@${Deno.hostname()}\0Tx@example.com\0\0`,
      }],
    },
  },
  "rcpthosts: missing": noOpenRelay,
  "morercpthosts: without rcpthosts": {
    ...noOpenRelay,
    why:
      "morercpthosts.cdb counts without rcpthosts, and there is no open relay",
    instead: {
      replies: recipients([18, 23, 26, 29, ...local]),
      queued: [{
        message: `${trace}t\n`,
        envelope: "Fa@b.c\0Tx@more.example\0Tx@MORE.example\0" +
          "Tx@mx.example.org\0Tx@mx.example.org\0Tlocal\0T\0\0",
      }],
    },
  },
  "rcpthosts: with a NUL": {
    why: "a line with a NUL is one entry, which no domain matches",
    instead: {
      replies: recipients(local),
      queued: [{
        message: `${trace}t\n`,
        envelope: "Fa@b.c\0Tlocal\0T\0\0",
      }],
    },
  },
  "databytes: 2^32+10": wideNumbers("z".repeat(28)),
  "DATABYTES: 2^32+10": wideNumbers("z".repeat(27)),
};
