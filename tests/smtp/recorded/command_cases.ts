/**
 * Commands: each verb, how a line ends, what needs what, where it breaks off.
 *
 * @module
 */
import { type Draft, envelope, group, lines, message } from "./draft.ts";

const text = lines("Subject: t", "", "body");
const every = "HELO EHLO MAIL RCPT DATA RSET NOOP VRFY HELP EXPN TURN SEND " +
  "SOML SAML ETRN AUTH STARTTLS BDAT LHLO XCLIENT GET POST";

const verbs: Draft[] = group(
  "verb",
  {
    ...Object.fromEntries(
      every.split(" ").flatMap((verb) => [
        [verb, lines(verb, "QUIT")],
        [`${verb} with an argument`, lines(`${verb} x y`, "QUIT")],
      ]),
    ),
    "in odd letter case": lines("nOoP", "hElO x", "eHLo x", "qUiT"),
    "QUIT with an argument": lines("QUIT now"),
    "QUIT twice": lines("QUIT", "QUIT"),
    "of 8-bit letters": lines("N\xd6\xd6P", "\xff", "RS\xdf", "QUIT"),
    "that has a verb as its start": lines("NOOPX", "QUI", "RCPT:", "QUIT"),
  },
);

const lineEnds = group("line", {
  "ended by LF": "NOOP\nHELO x\nQUIT\n",
  "ended by CR CR LF": "NOOP\r\r\nHELO x\r\r\nQUIT\r\n",
  "with a CR inside": "NO\rOP\r\nNOOP \r x\r\nQUIT\r\n",
  "ended by CR": "NOOP\rQUIT\r\nQUIT\r\n",
  "empty": "\r\n\n\r\r\nQUIT\r\n",
  "of blanks": lines(" ", "  ", "QUIT"),
  "with blanks before": lines(" NOOP", "QUIT"),
  "with blanks after": lines("NOOP ", "NOOP   ", "QUIT  "),
  "with many blanks inside": lines("HELO      x", "QUIT"),
  "with a tab": lines("NOOP\tx", "HELO\tx", "QUIT"),
  "with a NUL after the verb": lines("NOOP\0", "NOOP\0x", "NO\0OP", "QUIT"),
  "that starts with a NUL": lines("\0NOOP", "QUIT"),
  "with a NUL before its LF": "NOOP\0\nNOOP\0\r\nNOOP\r\0\nQUIT\r\n",
  "of 511 bytes": lines(`NOOP ${"x".repeat(504)}`, "QUIT"),
  "of 513 bytes": lines(`NOOP ${"x".repeat(506)}`, "QUIT"),
  "of 4000 bytes": lines(`NOOP ${"x".repeat(3993)}`, "QUIT"),
  "of 60000 bytes": lines(`NOOP ${"x".repeat(59993)}`, "QUIT"),
  "of 70000 bytes": lines(`NOOP ${"x".repeat(69993)}`, "QUIT"),
});

const order = group("order", {
  "RCPT before MAIL": lines("RCPT TO:<x@example.com>", "QUIT"),
  "RCPT, malformed, before MAIL": lines(
    `RCPT TO:<${"x".repeat(1000)}>`,
    "QUIT",
  ),
  "DATA before MAIL": lines("DATA", "QUIT"),
  "DATA before RCPT": lines("MAIL FROM:<a@b.c>", "DATA", "QUIT"),
  "DATA after every RCPT was refused": lines(
    ...["MAIL FROM:<a@b.c>", "RCPT TO:<x@foreign.test>", "DATA", "QUIT"],
  ),
  "MAIL twice": lines("MAIL FROM:<a@b.c>") + message(text),
  "MAIL after RCPT forgets the recipients": envelope +
    lines("MAIL FROM:<d@e.f>", "DATA", "RCPT TO:<y@example.com>", "DATA") +
    text + lines(".", "QUIT"),
  "MAIL, malformed, forgets nothing": envelope +
    lines(`MAIL FROM:<${"a".repeat(1000)}>`, "DATA") + text +
    lines(".", "QUIT"),
  "RCPT, malformed, forgets nothing": envelope +
    lines(`RCPT TO:<${"a".repeat(1000)}>`, "DATA") + text +
    lines(".", "QUIT"),
  "RSET forgets": envelope + lines("RSET", "DATA", "RCPT TO:<x@y>", "QUIT"),
  "HELO forgets": envelope + lines("HELO x", "DATA", "QUIT"),
  "EHLO forgets": envelope + lines("EHLO x", "DATA", "QUIT"),
  "NOOP, VRFY, HELP and an unknown verb forget nothing": envelope +
    lines("NOOP", "VRFY x", "HELP", "WHAT", "DATA") + text +
    lines(".", "QUIT"),
  "a message ends the transaction": envelope + lines("DATA") + text +
    lines(".", "DATA", "RCPT TO:<x@example.com>", "QUIT"),
  "three messages": envelope + lines("DATA") + text + lines(".") +
    envelope + lines("DATA") + "two\r\n" + lines(".") +
    message("three\r\n"),
  "the same recipient twice": envelope +
    lines("RCPT TO:<x@example.com>", "DATA") + text + lines(".", "QUIT"),
  "150 recipients": lines(
    "MAIL FROM:<a@b.c>",
    ...Array.from({ length: 150 }, (_, i) => `RCPT TO:<r${i}@example.com>`),
    "DATA",
  ) + text + lines(".", "QUIT"),
  "40 errors": lines(...Array.from({ length: 40 }, () => "WHAT"), "QUIT"),
  "HELO twice, the last one counts": message(
    text,
    lines("HELO one", "EHLO two"),
  ),
  "DATA with an argument": envelope + lines("DATA now") + text +
    lines(".", "QUIT"),
});

const pipelining = group("pipelining", {
  "the session of the specification": lines(
    ...["EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<x@example.com>"],
    ...["RCPT TO:<y@other>", "DATA", "Subject: x", "", "..dot"],
    ...["line\rcr", ".", "NOOP", "EXPN", "RSET", "DATA", "QUIT"],
  ),
  "commands after QUIT": message(text) + lines("NOOP", "WHAT"),
  "text after a DATA that is refused": lines(
    ...["MAIL FROM:<a@b.c>", "DATA", "Subject: t", "", ".", "QUIT"],
  ),
});

const ends = group("end", {
  "at once": "",
  "within a verb": "NOO",
  "after a CR": "NOOP\r",
  "after HELO": lines("HELO x"),
  "after MAIL": lines("MAIL FROM:<a@b.c>"),
  "after RCPT": envelope,
  "within RCPT": envelope + "RCPT TO:<y@",
  "after DATA": envelope + lines("DATA"),
  "within the header": envelope + lines("DATA") + "Subj",
  "within the text": envelope + lines("DATA") + text,
  "after the dot": envelope + lines("DATA") + text + ".",
  "after the dot's CR": envelope + lines("DATA") + text + ".\r",
  "after a whole message": envelope + lines("DATA") + text + lines("."),
  "after a long text": envelope + lines("DATA") + "x".repeat(20000),
});

const timeouts: Draft[] = [
  { name: "timeout: of nothing", input: "" },
  { name: "timeout: within a line", input: "NOOP\r\nHELO" },
  { name: "timeout: with replies held back", input: envelope },
  {
    name: "timeout: within the text",
    input: envelope + lines("DATA") + text,
  },
].map((each) => ({
  ...each,
  waits: true,
  control: {
    me: "mx.example.org\n",
    rcpthosts: "example.com\n",
    timeoutsmtpd: "1\n",
  },
}));

export const commandCases: readonly Draft[] = [
  ...verbs,
  ...lineEnds,
  ...order,
  ...pipelining,
  ...ends,
  ...timeouts,
];
