/**
 * A message of a shared queue as it is told. Whatever a stranger has sent is
 * escaped.
 *
 * @module
 */
import { fromBytes } from "../../lib/base/bytes.ts";
import { escaped } from "../../lib/base/foreign_text.ts";
import { headerOf, type Lying } from "../../lib/queue/contents.ts";
import type { Trouble } from "../../lib/queue/frame.ts";

const mostNamed = 3;

const when = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z/, "Z");

const address = (text: string) => `<${escaped(text)}>`;

const said = ({ code, enhanced, text }: Trouble) =>
  [code, escaped(enhanced), escaped(text)].join(" ").replace(/ +/g, " ");

/** A line, and one for each of the first recipients that have failed. */
export function listLines(lying: Lying): string[] {
  const { facts, text, why, queue } = lying;
  const id = escaped(lying.id);
  if (facts === null) {
    return [
      `${id}  ${queue}  ${text.length} bytes  no message of ours: ${why}`,
    ];
  }
  const { sender, recipients, acceptedAt, attempts, due, troubles } = facts;
  const named = recipients.slice(0, mostNamed).map(address).join(" ");
  const more = recipients.length > mostNamed
    ? ` and ${recipients.length - mostNamed} more`
    : "";
  const failed = Object.entries(troubles);
  return [
    [
      ...[id, queue, `accepted ${when(acceptedAt)}`, `${text.length} bytes`],
      `tried ${attempts}`,
      ...due > 0 ? [`due ${when(due)}`] : [],
      `from ${address(sender)} to ${named}${more}`,
    ].join("  "),
    ...failed.slice(0, mostNamed).map(([recipient, trouble]) =>
      `    ${address(recipient)}: ${said(trouble)}`
    ),
  ];
}

/** All there is to know, and its header. */
export function shown(lying: Lying): string[] {
  const { facts, text, why, queue, returns } = lying;
  const about = [
    `ID: ${escaped(lying.id)}`,
    `Queue: ${queue}`,
    `Bytes: ${text.length}`,
    `Came back: ${returns}`,
  ];
  if (facts === null) return [...about, `No message of ours: ${why}`];
  const { client, troubles } = facts;
  return [
    ...about,
    `Sender: ${address(facts.sender)}`,
    ...facts.recipients.map((each) => {
      const trouble = troubles[each];
      return `Recipient: ${address(each)}` +
        (trouble ? `: ${said(trouble)}` : "");
    }),
    `Accepted: ${when(facts.acceptedAt)}`,
    `Tried: ${facts.attempts}`,
    ...facts.due > 0 ? [`Due: ${when(facts.due)}`] : [],
    `Client: ${escaped(client.ip)} (${escaped(client.host ?? "unknown")}), ` +
    `HELO ${escaped(client.helo ?? "none")}, ${escaped(client.protocol)}` +
    (client.user === null ? "" : `, user ${escaped(client.user)}`),
    "",
    ...linesOf(headerOf(text)),
  ];
}

const linesOf = (text: string) => text.split(/\r?\n/).map(escaped);

/** For --text on a terminal. */
export const textLines = (text: Uint8Array): string[] =>
  linesOf(fromBytes(text).replace(/\r?\n$/, ""));

/** Byte strings are told with a character for each byte. */
export function asJson({ id, queue, facts, why, text, returns }: Lying) {
  const header = facts === null ? null : headerOf(text);
  return { id, queue, bytes: text.length, returns, why, header, ...facts };
}
