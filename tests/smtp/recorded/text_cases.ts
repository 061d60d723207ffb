/**
 * The text of messages: its framing, its end, hops, and the queue's answers.
 *
 * @module
 */
import { type Draft, envelope, group, lines, message } from "./draft.ts";

/** Where a forged end of data stands: the bytes between two lines. */
const forged: Record<string, string> = {
  "LF.LF": "\n.\n",
  "LF.CRLF": "\n.\r\n",
  "CRLF.LF": "\r\n.\n",
  "CR.LF": "\r.\n",
  "LF.CR": "\n.\r",
  "CR.CRLF": "\r.\r\n",
  "CR.CR": "\r.\r",
  "CRLF.CR": "\r\n.\r",
  "CRLF.NUL CRLF": "\r\n.\0\r\n",
  "CRLF NUL.CRLF": "\r\n\0.\r\n",
  "CRLF.CRCRLF": "\r\n.\r\r\n",
  "CRCRLF.CRCRLF": "\r\r\n.\r\r\n",
  "CRCRLF.CRLF": "\r\r\n.\r\n",
  "CRLF..CRLF": "\r\n..\r\n",
  "CRLF.blank CRLF": "\r\n. \r\n",
  "CRLF.CRCR LF": "\r\n.\r\r\r\n",
  "NUL": "\0",
  "LFCR.CRLF": "\n\r.\r\n",
  "CRLF.CR.CRLF": "\r\n.\r.\r\n",
};

const smuggled = lines("MAIL FROM:<evil@b.c>", "RCPT TO:<x@example.com>");

const bodies: Record<string, string> = {
  "empty": "",
  "an empty line": "\r\n",
  "a header only": "Subject: t\r\n",
  "a header and an empty line": "Subject: t\r\n\r\n",
  "a body without a header": "\r\nbody\r\n",
  "dots": "..\r\n...\r\n.x\r\n.. \r\n x.\r\n.\t\r\n",
  "a dot and blanks": ". \r\n.  x\r\n",
  "CRs": "a\rb\r\rc\r\r\nd\r\r\r\n",
  "a CR at the start": "\rx\r\n",
  "CRs alone": "\r\r\r\r\r\n",
  "CR before a dot": "\r.\r.x\r\n",
  "a dot and CRs": ".\rx\r\n.\r\rx\r\n.\r\r\r\n..\r\r\n",
  "NULs": "\0\0a\0\r\n\0\r\n",
  "8-bit bytes": "Subject: \xe4\r\n\r\n\x80\xff\xfe\r\n",
  "every byte but LF": Array.from(
    { length: 256 },
    (_, i) => i === 10 ? "" : String.fromCharCode(i),
  ).join("") + "\r\n",
  "a line of 5000 bytes": "x".repeat(5000) + "\r\n",
  "2000 short lines": "x\r\n".repeat(2000),
  "lines of dots": "..\r\n".repeat(700),
  "commands": smuggled + lines("DATA", "QUIT"),
  "a LF at the start": "\nx\r\n",
  "a LF at the end": "x\n",
  "a LF after a long text": "x\r\n".repeat(5000) + "\n",
  "a LF after a dot at the start": ".\n",
  "LF before CRLF": "x\n\r\n",
};

const received = (count: number, line = "Received: x\r\n") =>
  message(line.repeat(count) + "\r\nbody\r\n");

const hops: Record<string, string> = {
  "99": received(99),
  "100": received(100),
  "101 in lower case": received(101, "received\r\n"),
  "100 in odd letter case": received(100, "rEcEiVeDx\r\n"),
  "100 of Delivered-To": received(100, "Delivered-To: x\r\n"),
  "99 of delivere": received(99, "delivere\r\n"),
  "50 and 50": message(
    "Received: x\r\nDelivered: x\r\n".repeat(50) + "\r\n",
  ),
  "100 in the body": message("\r\n" + "Received: x\r\n".repeat(100)),
  "100 folded": received(100, " Received: x\r\n"),
  "100 with a dot": received(100, ".Received: x\r\n"),
  "100 after a line of a CR": message(
    "\r\r\n" + "Received: x\r\n".repeat(100),
  ),
  "100 after CRs within a line": received(100, "\rReceived: x\r\n"),
  "100 of two in a line": received(50, "Received: Received: \r\n"),
  "100, the last one cut": message(
    "Received: x\r\n".repeat(99) + "Receive\r\n",
  ),
  "100, the last one bare": message(
    "Received: x\r\n".repeat(99) + "Received\r\n",
  ),
  "100 with X": received(100, "XReceived: x\r\n"),
  "99 and a NUL in one more": message(
    "Received: x\r\n".repeat(99) + "Recei\0ved: x\r\n",
  ),
  "100 and hangs up": envelope + lines("DATA") + "Received: x\r\n".repeat(100),
  "100 and a bare LF": message("Received: x\r\n".repeat(100) + "\n"),
  "100 and then another message": received(100).replace("QUIT\r\n", "") +
    message("t\r\n"),
};

const exits = [0, 1, 10, 11, 12, 30, 32, 39, 41, 53, 55, 61, 63, 66, 70]
  .concat([72, 74, 80, 82, 91, 99, 111, 120, 255]);

export const textCases: readonly Draft[] = [
  ...group(
    "smuggling",
    Object.fromEntries(
      Object.entries(forged).map(([name, bytes]) => [
        name,
        message(`one${bytes}${smuggled}DATA\r\ntwo\r\n`),
      ]),
    ),
  ),
  ...group(
    "text",
    Object.fromEntries(
      Object.entries(bodies).map(([name, body]) => [name, message(body)]),
    ),
  ),
  ...group("hops", hops),
  ...exits.map((code): Draft => ({
    name: `queue: exit ${code}`,
    env: { QEXIT: `${code}` },
    input: message("t\r\n"),
  })),
  {
    name: "queue: refuses, and the next one too",
    env: { QEXIT: "53" },
    input: envelope + lines("DATA", "one", ".") + message("two\r\n"),
  },
  {
    name: "queue: exit 31 for a message that loops",
    env: { QEXIT: "31" },
    input: received(100),
  },
  {
    name: "queue: no such program",
    env: { QMAILQUEUE: "/nonexistent/queue" },
    input: message("t\r\n") + lines("NOOP"),
  },
  {
    name: "queue: not executable",
    env: { QMAILQUEUE: "/etc/passwd" },
    input: message("t\r\n"),
  },
  {
    name: "queue: does not read",
    env: { QMAILQUEUE: "/bin/true" },
    input: message("t\r\n".repeat(30_000)),
  },
  {
    name: "queue: fails without reading",
    env: { QMAILQUEUE: "/bin/false" },
    input: message("t\r\n".repeat(30_000)),
  },
];
