/**
 * Addresses: how qmail-smtpd reads what follows MAIL and RCPT.
 *
 * @module
 */
import { type Draft, envelope, group, lines } from "./draft.ts";

/** What follows the verb; `$` is FROM or TO. */
const forms: Record<string, string> = {
  "usual": "$:<u@example.com>",
  "null": "$:<>",
  "null with a blank": "$:< >",
  "blank after the colon": "$: <u@example.com>",
  "blank before the colon": "$ :<u@example.com>",
  "no colon": "$<u@example.com>",
  "no keyword": "<u@example.com>",
  "the other keyword": "FROMTO:<u@example.com>",
  "nothing": "",
  "keyword alone": "$",
  "keyword and colon": "$:",
  "keyword, colon, blanks": "$:   ",
  "no brackets": "$:u@example.com",
  "no brackets, blanks before": "$:    u@example.com",
  "no brackets, parameter": "$:u@example.com SIZE=1",
  "no brackets, no colon": "u@example.com",
  "no brackets, a quoted blank": '$:"u v"@example.com w',
  "no brackets, a quoted colon": '"a:b"@example.com',
  "no brackets, closing bracket": "$:u@example.com>",
  "not closed": "$:<u@example.com",
  "not opened": "$:u@example.com>",
  "opened twice": "$:<<u@example.com>>",
  "closed twice": "$:<u@example.com>>",
  "opened late": "$: Joe <u@example.com>",
  "two paths": "$:<u@example.com> <v@example.com>",
  "bracket before the colon": "<$:u@example.com>",
  "text after": "$:<u@example.com>x y",
  "parameters": "$:<u@example.com> SIZE=100 BODY=8BITMIME",
  "parameter that nobody knows": "$:<u@example.com> FOO=bar",
  "blanks inside": "$:< u@example.com >",
  "tab inside": "$:<u\t@example.com>",
  "quoted": '$:<"u v"@example.com>',
  "quoted quote": '$:<"u\\"v"@example.com>',
  "quoted backslash": '$:<"u\\\\v"@example.com>',
  "quoted bracket": '$:<"u>v"@example.com>',
  "quoted opening bracket": '$:<"u<v"@example.com>',
  "quoted at": '$:<"u@v"@example.com>',
  "quoted domain": '$:<u@"example.com">',
  "quoted altogether": '$:<"u@example.com">',
  "quote not closed": '$:<"u@example.com>',
  "quotes of nothing": '$:<""@example.com>',
  "quotes in the middle": '$:<u"v w"x@example.com>',
  "backslash": "$:<u\\@v@example.com>",
  "backslash before a bracket": "$:<u\\>v@example.com>",
  "backslash at the end": "$:<u@example.com\\",
  "backslash in quotes at the end": '$:<"u\\',
  "backslash before a quote": '$:<u\\"v@example.com>',
  "backslash before a letter": "$:<\\u@exam\\ple.com>",
  "route": "$:<@r1,@r2:u@example.com>",
  "route without an address": "$:<@r1:>",
  "route without an end": "$:<@r1,@r2>",
  "route without brackets": "$:@r1:u@example.com",
  "route with a quoted colon": '$:<@"a:b":u@example.com>',
  "route twice": "$:<@r1:@r2:u@example.com>",
  "at alone": "$:<@>",
  "no domain": "$:<u>",
  "empty domain": "$:<u@>",
  "empty local part": "$:<@example.com>",
  "two ats": "$:<u@v@example.com>",
  "percent": "$:<u%v@example.com>",
  "bang": "$:<v!u@example.com>",
  "upper case": "$:<U@EXAMPLE.COM>",
  "dot at the end": "$:<u@example.com.>",
  "dots": "$:<..u..@..example..com..>",
  "8-bit": "$:<\xfc\xff@example.com>",
  "8-bit domain": "$:<u@ex\xe4mple.com>",
  "UTF-8": "$:<\xc3\xbc@example.com>",
  "control bytes": "$:<u\x01\x7f@example.com>",
  "CR inside": "$:<u\rv@example.com>",
  "NUL inside": "$:<u\0v@example.com>",
  "literal, local": "$:<u@[127.0.0.1]>",
  "literal, all zero": "$:<u@[0.0.0.0]>",
  "literal, not ours": "$:<u@[198.51.100.1]>",
  "literal, leading zeros": "$:<u@[0127.000.0.01]>",
  "literal, beyond 255": "$:<u@[383.256.512.257]>",
  "literal, one number": "$:<u@[2130706433]>",
  "literal, five numbers": "$:<u@[127.0.0.1.1]>",
  "literal, text after": "$:<u@[127.0.0.1]x>",
  "literal, not closed": "$:<u@[127.0.0.1>",
  "literal, blank": "$:<u@[127.0.0.1 ]>",
  "literal, IPv6": "$:<u@[IPv6:::1]>",
  "literal, quoted": '$:<u@"[127.0.0.1]">',
  "literal, local part alone": "$:<[127.0.0.1]>",
  "literal, empty": "$:<u@[]>",
  "literal, no local part": "$:<\\@[127.0.0.1]>",
  "899 bytes": `$:<${"u".repeat(887)}@example.com>`,
  "900 bytes": `$:<${"u".repeat(888)}@example.com>`,
  "901 bytes": `$:<${"u".repeat(889)}@example.com>`,
  "899 bytes, more with quotes": `$:<"${"\\u".repeat(887)}"@example.com>`,
  "900 bytes after a route": `$:<@r:${"u".repeat(888)}@example.com>`,
  "5000 bytes": `$:<${"u".repeat(4988)}@example.com>`,
};

/** Everybody may relay, so that all of them are seen in the envelope. */
const relayed = Object.entries(forms).map(([name, form]): Draft => ({
  name: `address: ${name}`,
  env: { RELAYCLIENT: "" },
  input: lines(
    `MAIL ${form.replace("$", "FROM")}`,
    "RCPT TO:<known@example.com>",
    `RCPT ${form.replace("$", "TO")}`,
    ...["DATA", "t", ".", "QUIT"],
  ),
}));

/** Nobody may, so that it is seen which are taken for ours. */
const notRelayed: Draft = {
  name: "address: all of them without RELAYCLIENT",
  input: lines("MAIL FROM:<>") +
    lines(...Object.values(forms).map((f) => `RCPT ${f.replace("$", "TO")}`)) +
    lines("DATA", "t", ".", "QUIT"),
};

const relay: Draft[] = [
  { name: "relayclient: empty", env: { RELAYCLIENT: "" } },
  { name: "relayclient: suffix", env: { RELAYCLIENT: "@relay.example" } },
  { name: "relayclient: long", env: { RELAYCLIENT: "x".repeat(2000) } },
  { name: "relayclient: 8-bit", env: { RELAYCLIENT: "@\xc3\xa4" } },
].map((each) => ({
  ...each,
  input: envelope +
    lines("RCPT TO:<y@foreign.test>", "RCPT TO:<z>", "RCPT TO:<>") +
    lines(`RCPT TO:<${"u".repeat(899)}>`, "DATA", "t", ".", "QUIT"),
}));

export const addressCases: readonly Draft[] = [
  ...relayed,
  notRelayed,
  ...relay,
  ...group("badmailfrom", {
    "and RELAYCLIENT": lines(
      ...["MAIL FROM:<bad@b.c>", "RCPT TO:<x@foreign.test>", "RSET"],
      ...["MAIL FROM:<x@evil.test>", "RCPT TO:<x@foreign.test>", "QUIT"],
    ),
    "is told before a foreign domain": lines(
      ...["MAIL FROM:<bad@b.c>", "RCPT TO:<x@foreign.test>"],
      ...["RCPT TO:<x@example.com>", "DATA", "QUIT"],
    ),
    "after a long recipient": lines(
      ...["MAIL FROM:<bad@b.c>", `RCPT TO:<${"x".repeat(1000)}>`, "QUIT"],
    ),
  }, {
    control: {
      me: "mx.example.org\n",
      rcpthosts: "example.com\n",
      badmailfrom: "bad@b.c\n@evil.test\n",
    },
    env: { RELAYCLIENT: "" },
  }),
];
