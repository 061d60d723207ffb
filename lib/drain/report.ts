/**
 * A delivery status notification: tells the sender of a message who has not got
 * it, and why (RFC 3464, RFC 3462). Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { concat, textOf, toBytes } from "../base/bytes.ts";
import { isAscii, isUtf8, quotedAddress } from "../mail/address.ts";
import type { Queued, Trouble } from "../queue/frame.ts";
import { headerOf, isPlain, quotedPrintable } from "./report_header.ts";

interface About {
  /** The message for those who have not got it, with their troubles. */
  readonly failed: Queued;
  readonly text: Uint8Array<ArrayBuffer>;
  /** What we call ourselves. */
  readonly host: string;
  /** Of the report. */
  readonly id: string;
  readonly now: number;
}

const idChars = 8;

/**
 * The same for the same failures, so that a report that is made again after a
 * crash can be known for what it is; of the message's own session.
 */
export function reportId({ id, recipients, attempts }: Queued): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([id, recipients, attempts])).digest();
  const number = digest.readBigUInt64BE().toString(36);
  return `${id}r${number.slice(-idChars)}`;
}

export function reportText(
  { failed, text, host, id, now }: About,
): Uint8Array<ArrayBuffer> {
  const sender = quotedAddress(failed.sender);
  const header = headerOf(text);
  const isWhole = isPlain(header);
  const original = isWhole ? header : quotedPrintable(header);
  const human = people(failed, host);
  const boundary = boundaryFor(id, original + human);
  const lines = [
    `Date: ${date(now)}`,
    `From: Mail delivery <MAILER-DAEMON@${host}>`,
    `To: <${sender}>`,
    "Subject: Your message could not be delivered",
    `Message-ID: <${id}@${host}>`,
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    "Content-Type: multipart/report; report-type=delivery-status;",
    `\tboundary="${boundary}"`,
    "",
    "This is a message in several parts (MIME).",
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=utf-8",
    ...encoded(human),
    `--${boundary}`,
    "Content-Type: message/delivery-status",
    "",
    `Reporting-MTA: dns; ${host}`,
    `Arrival-Date: ${date(failed.acceptedAt)}`,
    ...failed.recipients.flatMap((recipient) =>
      statusOf(recipient, failed.troubles[recipient], now)
    ),
    "",
    `--${boundary}`,
    "Content-Type: text/rfc822-headers",
    ...(isWhole ? [] : ["Content-Transfer-Encoding: quoted-printable"]),
    "",
  ];
  return concat([
    toBytes(`${lines.join("\n")}\n`),
    toBytes(original.replace(/\n?$/, "\n")),
    toBytes(`\n--${boundary}--\n`),
  ]);
}

function encoded(text: string): string[] {
  return isPlain(text) ? ["", text, ""] : [
    "Content-Transfer-Encoding: quoted-printable",
    "",
    quotedPrintable(text),
    "",
  ];
}

function people({ recipients, troubles }: Queued, host: string): string {
  return [
    `This is the mail server at ${host}.`,
    "",
    "Your message could not be delivered to the following, and nobody will",
    "try it again:",
    "",
    ...recipients.flatMap((recipient) => {
      const address = isUtf8(recipient)
        ? recipient
        : recipient.replace(/[\x80-\xff]/g, "?");
      const { code, enhanced, text } = troubles[recipient];
      return [`<${address}>`, `    ${said(code, enhanced, text)}`, ""];
    }),
    "The header of your message is attached.",
  ].join("\n");
}

const said = (code: number, enhanced: string, text: string) =>
  `${code} ${enhanced} ${text}`.replace(/ {2,}/g, " ");

/** RFC 3464 2.3: the fields of a recipient, after an empty line. */
function statusOf(recipient: string, trouble: Trouble, now: number): string[] {
  const { code, enhanced, text } = trouble;
  return [
    "",
    `Final-Recipient: ${typedAddress(recipient)}`,
    "Action: failed",
    `Status: ${enhanced || "5.0.0"}`,
    ...folded(`Diagnostic-Code: smtp; ${said(code, enhanced, text)}`),
    `Last-Attempt-Date: ${date(now)}`,
  ];
}

/** What is no ASCII is told by its code points (RFC 6533 3). */
function typedAddress(recipient: string): string {
  const address = quotedAddress(recipient);
  if (isAscii(address)) return `rfc822; ${address}`;
  const text = isUtf8(address) ? textOf(address) : address;
  const written = text.replace(
    /[^ -~]|[\\+=]/gu,
    (char) => `\\x{${char.codePointAt(0)!.toString(16).toUpperCase()}}`,
  );
  return `utf-8; ${written}`;
}

/** RFC 5322 2.1.1: 78 characters a line, where there is a blank to break at. */
function folded(line: string): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > 78) {
    const at = rest.lastIndexOf(" ", 78);
    const cut = at > 20 ? at : rest.indexOf(" ", 79);
    if (cut < 0) break;
    lines.push(rest.slice(0, cut));
    rest = ` ${rest.slice(cut + 1)}`;
  }
  return [...lines, rest];
}

/** One that is in nothing that it stands between. */
function boundaryFor(id: string, text: string): string {
  const name = id.replace(/[^\w-]/g, "").slice(-40);
  for (let i = 0;; i++) {
    const boundary = `=_${name}.${i}`;
    if (!text.includes(boundary)) return boundary;
  }
}

/** As in `Thu, 26 Nov 2026 07:26:32 +0000`. */
const date = (ms: number) => new Date(ms).toUTCString().replace("GMT", "+0000");
