/**
 * What is known of a message before its recipients, and of who sends it, as
 * the commands of a client that passes it on.
 *
 * @module
 */
import type { Endpoint } from "../base/endpoint.ts";
import { quotedAddress } from "../mail/address.ts";
import type { Refusal } from "../mail/answers.ts";
import type { Capabilities } from "./capabilities.ts";

/** All texts are byte strings. */
export interface Beginning {
  /** Empty for the null sender. */
  readonly sender: string;
  /** The client's estimate, 0 if it made none. */
  readonly sizeBytes: number;
  /** The client has said BODY=8BITMIME, or SMTPUTF8. */
  readonly eightBit: boolean;
  readonly utf8: boolean;
  readonly client: ClientFacts;
}

/** Our own client, for a server that wants to know it (XCLIENT, PROXY). */
export interface ClientFacts {
  readonly ip: string;
  readonly port: number;
  readonly host: string | null;
  readonly helo: string | null;
  readonly user: string | null;
  readonly protocol: "SMTP" | "ESMTP";
  /** Where it has come to. */
  readonly local: Endpoint;
}

/**
 * Why a server cannot be given such a message; null if it can. It was never
 * asked: what it does not know it would refuse as a mistake of ours.
 */
export function whyNotSendable(
  { sender, eightBit, utf8 }: Beginning,
  offered: Capabilities,
): Refusal | null {
  if (utf8 && !offered.utf8) {
    return never(550, "5.6.7", "the next hop does not take SMTPUTF8");
  }
  if (eightBit && !offered.eightBit) {
    return never(554, "5.6.3", "the next hop does not take 8BITMIME");
  }
  return isWritable(sender)
    ? null
    : never(553, "5.1.7", "this sender cannot be passed on");
}

/** The same of a recipient. */
export function whyNotWritable(recipient: string): Refusal | null {
  return isWritable(recipient)
    ? null
    : never(553, "5.1.3", "this recipient cannot be passed on");
}

const never = (
  code: 550 | 553 | 554,
  enhanced: string,
  text: string,
): Refusal => ({ type: "never", code, enhanced, text, by: "next-hop" });

/** In classic mode an address may be nearly anything. */
function isWritable(address: string): boolean {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(address)) return false;
  const at = address.lastIndexOf("@");
  return at === -1 ||
    /^(?:[\w.\-\x80-\xff]+|\[[\w:.\-]+\])$/.test(address.slice(at + 1));
}

export function mailLine(
  { sender, sizeBytes, eightBit, utf8 }: Beginning,
  offered: Capabilities,
): string {
  const size = offered.size && sizeBytes > 0 ? ` SIZE=${sizeBytes}` : "";
  const body = eightBit ? " BODY=8BITMIME" : "";
  const encoding = utf8 ? " SMTPUTF8" : "";
  return `MAIL FROM:<${quotedAddress(sender)}>${size}${body}${encoding}\r\n`;
}

export const recipientLine = (recipient: string): string =>
  `RCPT TO:<${quotedAddress(recipient)}>\r\n`;

/** Attributes as Postfix's XCLIENT_README has them; only those it knows. */
export function xclientLine(
  client: ClientFacts,
  known: ReadonlySet<string>,
): string {
  const { ip, port, host, helo, user, protocol } = client;
  const attributes: [name: string, value: string | null][] = [
    ["NAME", host],
    ["ADDR", xclientAddress(ip)],
    ["PORT", String(port)],
    ["PROTO", protocol],
    ["HELO", helo],
    ["LOGIN", user],
  ];
  const given = attributes.filter(([name]) => known.has(name))
    .map(([name, value]) => ` ${name}=${xtext(value ?? "[UNAVAILABLE]")}`);
  return `XCLIENT${given.join("")}\r\n`;
}

/** A client on a pipe has none. */
const xclientAddress = (ip: string) =>
  /^[\d.]+$/.test(ip) ? ip : ip.includes(":") ? `IPV6:${ip}` : null;

/** RFC 3461 4; the longest that Postfix takes are 255 bytes. */
function xtext(value: string): string {
  return value.slice(0, 255).replace(
    /[^!-*,-<>-~]/g,
    (c) => `+${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** Whether a client is who was told last. */
export const isSameClient = (one: ClientFacts | null, other: ClientFacts) =>
  one !== null && one.ip === other.ip && one.port === other.port &&
  one.host === other.host && one.helo === other.helo &&
  one.user === other.user && one.protocol === other.protocol;
