/**
 * Control files with odd contents, and DATABYTES.
 *
 * @module
 */
import type { Case } from "./case.ts";
import { type Draft, group, lines, message } from "./draft.ts";

const rcpthosts = "example.com\n";
const me = "mx.example.org\n";

const nothing = lines("HELO x", "EHLO x", "QUIT");

/** A session for each set of control files, that shows what they mean. */
function controls(
  prefix: string,
  input: string,
  table: Record<string, Case["control"]>,
): Draft[] {
  return Object.entries(table).map(([name, control]) => ({
    name: `${prefix}: ${name}`,
    control,
    input,
  }));
}

const names = [
  ...controls("me", nothing, {
    "with blanks at the end": { me: "mx.example.org \t \n", rcpthosts },
    "with blanks before": { me: "  mx.example.org\n", rcpthosts },
    "without a newline": { me: "mx.example.org", rcpthosts },
    "with CRLF": { me: "mx.example.org\r\n", rcpthosts },
    "of two lines": { me: "one.example\ntwo.example\n", rcpthosts },
    "of an empty first line": { me: "\ntwo.example\n", rcpthosts },
    "empty": { me: "", rcpthosts },
    "of blanks": { me: "  \n", rcpthosts },
    "a comment": { me: "#mx.example.org\n", rcpthosts },
    "in upper case": { me: "MX.Example.ORG\n", rcpthosts },
    "of 8-bit bytes": { me: "m\xfcx.example\n", rcpthosts },
    "long": { me: "x".repeat(2000) + "\n", rcpthosts },
    "missing": { rcpthosts },
    "missing, with smtpgreeting": { smtpgreeting: "hello\n", rcpthosts },
    "missing, with an empty smtpgreeting": { smtpgreeting: "", rcpthosts },
    "a folder": { "me/": "", rcpthosts },
    "a folder, with smtpgreeting": {
      "me/": "",
      smtpgreeting: "hello\n",
      rcpthosts,
    },
  }),
  ...controls("smtpgreeting", nothing, {
    "with blanks": { me, rcpthosts, smtpgreeting: "big. hello  world \t\n" },
    "of two lines": { me, rcpthosts, smtpgreeting: "one\ntwo\n" },
    "empty": { me, rcpthosts, smtpgreeting: "" },
    "of an empty first line": { me, rcpthosts, smtpgreeting: "\nsecond\n" },
    "with a CR": { me, rcpthosts, smtpgreeting: "one\rtwo\r\n" },
    "with a NUL": { me, rcpthosts, smtpgreeting: "one\0two\n" },
    "of 8-bit bytes": { me, rcpthosts, smtpgreeting: "\xff \xc3\xa4\n" },
    "long": { me, rcpthosts, smtpgreeting: "x".repeat(1000) + "\n" },
    "a folder": { me, rcpthosts, "smtpgreeting/": "" },
  }),
];

const literals = lines(
  ...["MAIL FROM:<a@[127.0.0.1]>", "RCPT TO:<x@[127.0.0.1]>"],
  ...["RCPT TO:<x@example.com>", "DATA", "t", ".", "QUIT"],
);

const localIpHost = controls("localiphost", literals, {
  "missing": { me, rcpthosts: "mx.example.org\nexample.com\n" },
  "with blanks": { me, rcpthosts, localiphost: "example.com \t\n" },
  "in upper case": { me, rcpthosts, localiphost: "EXAMPLE.com\n" },
  "empty": { me, rcpthosts, localiphost: "" },
  "not ours": { me, rcpthosts, localiphost: "foreign.test\n" },
  "a folder": { me, rcpthosts, "localiphost/": "" },
  "missing, and me": { smtpgreeting: "hello\n", rcpthosts },
});

const recipients = lines(
  "MAIL FROM:<a@b.c>",
  ...[
    ...["example.com", "EXAMPLE.Com", "a.example.com", ".example.com"],
    ...["xexample.com", "example.com.", "sub.example", "a.sub.example"],
    ...["a.b.sub.example", ".sub.example", "asub.example", "upper.example"],
    ...["#comment", "comment", "blank.example", "blank.example ", ""],
    ...["last.example", "more.example", "a.more.example", "dot.more", "."],
    ...["a.dot.more", "MORE.example", "com", "crlf.example", "[127.0.0.1]"],
    ...["8bit.\xe4", "8bit.\xc4", "mx.example.org", "nul.example"],
  ].map((domain) => `RCPT TO:<x@${domain}>`),
  ...["RCPT TO:<local>", "RCPT TO:<>", "DATA", "t", ".", "QUIT"],
);

const lists = [
  ...controls("rcpthosts", recipients, {
    "of everything odd": {
      me,
      rcpthosts: "example.com\n#comment\n\n.sub.example\nUPPER.example\n" +
        "blank.example \t\n 8bit.x\n8bit.\xe4\nlast.example",
    },
    "empty": { me, rcpthosts: "" },
    "of a comment": { me, rcpthosts: "#example.com\n" },
    "with a blank before": { me, rcpthosts: " example.com\n" },
    "with CRLF": { me, rcpthosts: "crlf.example\r\n" },
    "of a dot": { me, rcpthosts: ".\n" },
    "of .com": { me, rcpthosts: ".com\n" },
    "with a literal": { me, rcpthosts: "[127.0.0.1]\n" },
    "with an at": { me, rcpthosts: "@example.com\nx@example.com\n" },
    "with a NUL": { me, rcpthosts: "example.com\0nul.example\n" },
    "missing": { me },
    "a folder": { me, "rcpthosts/": "" },
  }),
  ...controls("morercpthosts", recipients, {
    "beside rcpthosts": {
      me,
      rcpthosts,
      morercpthosts: "more.example\n.dot.more\n",
    },
    "in upper case": { me, rcpthosts, morercpthosts: "MORE.example\n" },
    "empty": { me, rcpthosts, morercpthosts: "" },
    "without rcpthosts": { me, morercpthosts: "more.example\n" },
    "beside an empty rcpthosts": {
      me,
      rcpthosts: "",
      morercpthosts: "more.example\n",
    },
  }),
];

const senders = lines(
  ...[
    ...["bad@b.c", "BAD@B.C", "xbad@b.c", "bad@b.cx", "z@evil.test"],
    ...["z@EVIL.test", "z@a.evil.test", "@evil.test", "", "local"],
    ...["#x", "last@b.c", "a@b@evil.test", '"bad"@b.c', "evil.test"],
    ...["\xe4@b.c", "\xc4@b.c", "blank@b.c"],
  ].flatMap((sender) => [
    `MAIL FROM:<${sender}>`,
    "RCPT TO:<x@example.com>",
  ]),
  "QUIT",
);

const badMailFrom = controls("badmailfrom", senders, {
  "of everything odd": {
    me,
    rcpthosts,
    badmailfrom: "bad@b.c\n#x\n\n@evil.test\n\xe4@b.c\nblank@b.c \t\n" +
      "LOCAL\nlast@b.c",
  },
  "empty": { me, rcpthosts, badmailfrom: "" },
  "of an at": { me, rcpthosts, badmailfrom: "@\n" },
  "of a domain without an at": { me, rcpthosts, badmailfrom: "evil.test\n" },
  "of a subdomain": { me, rcpthosts, badmailfrom: "@.evil.test\n" },
  "with CRLF": { me, rcpthosts, badmailfrom: "bad@b.c\r\n" },
  "a folder": { me, rcpthosts, "badmailfrom/": "" },
});

/** 40 bytes as the queue counts them. */
const forty = message("Subject: t\r\n\r\n" + "z".repeat(27) + "\r\n");
const fortyOne = message("Subject: t\r\n\r\n" + "z".repeat(28) + "\r\n");
const limits: Record<string, string> = {
  "40": "40\n",
  "39": "39\n",
  "0": "0\n",
  "1": "1\n",
  "empty": "",
  "blank": " \n",
  "with a blank before": " 40\n",
  "with a blank after": "40 \n",
  "without a newline": "40",
  "with text after": "40k\n",
  "text": "many\n",
  "negative": "-40\n",
  "with zeros before": "0000000040\n",
  "with a plus": "+40\n",
  "a fraction": "40.9\n",
  "of two lines": "40\n10\n",
  "2^32": "4294967296\n",
  "2^32-1": "4294967295\n",
  "2^32+10": "4294967306\n",
  "10^30": "1" + "0".repeat(30) + "\n",
};

const databytes = Object.entries(limits).flatMap(([name, file]): Draft[] => {
  const set = { me, rcpthosts, databytes: file };
  return [
    { name: `databytes: ${name}`, control: set, input: fortyOne },
    {
      name: `DATABYTES: ${name}`,
      control: { me, rcpthosts, databytes: "1\n" },
      env: { DATABYTES: file.trimEnd() },
      input: forty,
    },
  ];
});

const timeoutFile = controls("timeoutsmtpd", nothing, {
  "empty": { me, rcpthosts, timeoutsmtpd: "" },
  "text": { me, rcpthosts, timeoutsmtpd: "soon\n" },
  "a folder": { me, rcpthosts, "timeoutsmtpd/": "" },
});

const short: Draft[] = ["0\n", "1 \n", "1x\n"].map((timeoutsmtpd) => ({
  name: `timeoutsmtpd: ${JSON.stringify(timeoutsmtpd)}`,
  control: { me, rcpthosts, timeoutsmtpd },
  input: lines("NOOP"),
  waits: true,
}));

const big = "Subject: t\r\n\r\n" + "0123456789\r\n".repeat(30);

export const controlCases: readonly Draft[] = [
  ...names,
  ...localIpHost,
  ...lists,
  ...badMailFrom,
  ...databytes,
  {
    name: "databytes: a folder",
    control: { me, rcpthosts, "databytes/": "" },
    input: nothing,
  },
  ...timeoutFile,
  ...short,
  ...group("too big", {
    "and then another": message(big).replace("QUIT\r\n", "") +
      message("t\r\n"),
    "and a bare LF": message(big + "x\n"),
    "and hangs up": message(big).replace(/\.\r\nQUIT\r\n$/, ""),
    "and looping": message("Received: x\r\n".repeat(100) + big),
  }, { control: { me, rcpthosts, databytes: "40\n" } }),
  {
    name: "too big: and the queue would refuse it too",
    control: { me, rcpthosts, databytes: "40\n" },
    env: { QEXIT: "31" },
    input: message(big),
  },
];
