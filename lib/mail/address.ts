/**
 * Addresses in MAIL and RCPT. The result is a byte string without quoting:
 * local part, `@`, domain, as an envelope holds it.
 *
 * @module
 */

import { toBytes } from "../base/bytes.ts";
import { cutBlanks } from "./command_lines.ts";
import { isMailDomain } from "./domain.ts";

/** What follows `FROM:` or `TO:`. */
export interface Path {
  readonly address: string;
  /** Octets of the path as it was written, brackets included. */
  readonly octets: number;
  /** What follows the path, blanks at both ends cut. */
  readonly parameters: string;
}

/**
 * The address in an argument, found as qmail-smtpd finds it: whatever the
 * argument is, there is one. It stands between the first `<` and its `>`;
 * without a `<`, it follows the first colon and ends at a blank.
 */
export function looseAddress(argument: string): string {
  const bracket = argument.indexOf("<");
  if (bracket !== -1) {
    return unquote(argument, afterRoute(argument, bracket + 1), ">").text;
  }
  let from = argument.indexOf(":") + 1 || argument.length;
  while (argument[from] === " ") from++;
  return unquote(argument, afterRoute(argument, from), " ").text;
}

/**
 * An envelope's address as a header has it (RFC 5321 4.1.2): a local part that
 * could be read as something else is quoted.
 */
export function quotedAddress(address: string): string {
  const at = address.lastIndexOf("@");
  const local = at === -1 ? address : address.slice(0, at);
  if (address === "" || dotString.test(local)) return address;
  return `"${local.replace(/["\\]/g, "\\$&")}"${address.slice(local.length)}`;
}

/** What needs no quotes: atoms, and single dots between them. */
const dotString =
  /^[\w!#$%&'*+\-/=?^`{|}~\x80-\xff]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\x80-\xff]+)*$/;

const atom = /(?:[!#-'*+\-/-9=?A-Z^-~\x80-\xff]|\\[ -~\x80-\xff])+/;
const quoted = /"(?:[ !#-[\]-~\x80-\xff]|\\[ -~\x80-\xff])*"/;
const localPart = new RegExp(
  `${quoted.source}|${atom.source}(?:\\.${atom.source})*`,
);
const domain = /[\w\-\x80-\xff]+(?:\.[\w\-\x80-\xff]+)*|\[[\w:.\-]+\]/;
const sourceRoute = /@[!#-9;=?-[\]-~]+:/;
const path = new RegExp(
  `^ *(<(?:(?:${sourceRoute.source})?(${localPart.source})` +
    `(?:@(${domain.source}))?)?>)(?: +(.*))?$`,
);
/** Without any bracket, but whole. Its groups are those of a path. */
const bareMailbox = new RegExp(
  `^(?=[^<]*$) *((${localPart.source})@(${domain.source}))(?: +(.*))?$`,
);

/**
 * The path in an argument, by RFC 5321 4.1.2 but for what is seen from honest
 * clients: blanks after the colon, no brackets around a whole mailbox, quoted
 * pairs outside of a quoted string, 8-bit characters in a local part.
 *
 * @param keyword `FROM:` or `TO:`
 * @returns null for anything else
 */
export function strictPath(keyword: string, argument: string): Path | null {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) return null;
  const rest = argument.slice(keyword.length);
  const found = path.exec(rest) ?? bareMailbox.exec(rest);
  if (!found) return null;
  const [, written, local = "", domain, parameters = ""] = found;
  const { text: name } = unquote(local, 0, "");
  // Without its quotes, this would pass for a domain.
  if (domain === undefined && name.includes("@")) return null;
  if (domain !== undefined && !isMailDomain(domain)) return null;
  return {
    address: domain === undefined ? name : `${name}@${domain}`,
    octets: written.length,
    parameters: cutBlanks(parameters),
  };
}

/** Skips a source route, `@one,@two:`, which RFC 5321 says to ignore. */
function afterRoute(argument: string, from: number): number {
  if (argument[from] !== "@") return from;
  return argument.indexOf(":", from) + 1 || argument.length;
}

/**
 * Reads up to an unquoted terminator or the end: a backslash quotes one byte,
 * double quotes group.
 */
function unquote(
  argument: string,
  from: number,
  terminator: string,
): { text: string; end: number } {
  let text = "";
  let quoted = false;
  let end = from;
  for (; end < argument.length; end++) {
    const char = argument[end];
    if (char === terminator && !quoted) break;
    if (char === '"') quoted = !quoted;
    else if (char !== "\\") text += char;
    else if (end + 1 < argument.length) text += argument[++end];
  }
  return { text, end };
}

/** The domain of an address; null if it has none. */
export function domainOf(address: string): string | null {
  const at = address.lastIndexOf("@");
  return at === -1 ? null : address.slice(at + 1);
}

const literal = /@\[(?:(\d+)\.(\d+)\.(\d+)\.(\d+)|IPv6:([\da-f:.]+))\]$/i;

/**
 * An address at one of our own address literals, moved to our host name
 * (control file localiphost); any other address as it is.
 */
export function atLocalHost(
  address: string,
  host: { isLocalAddress(ip: string): boolean; localIpHost: string },
): string {
  if (!address.endsWith("]")) return address;
  const found = literal.exec(address);
  if (!found) return address;
  const ip = found[5] ?? found.slice(1, 5).map(Number).join(".");
  if (!host.isLocalAddress(ip)) return address;
  return address.slice(0, found.index + 1) + host.localIpHost;
}

export function isAscii(text: string): boolean {
  return !/[\x80-\xff]/.test(text);
}

/** Whether a byte string is well-formed UTF-8. */
export function isUtf8(text: string): boolean {
  return decoded(text) !== null;
}

/**
 * The form of a domain that the DNS knows (RFC 5890 2.3.2.1, A-labels).
 *
 * @returns null when there is none
 */
export function asciiDomain(domain: string): string | null {
  const text = decoded(domain);
  if (text === null || /[/?#@:\\%]/.test(text)) return null;
  try {
    return new URL(`http://${text}/`).hostname;
  } catch {
    return null;
  }
}

/**
 * With the domain as the DNS knows it: of all ways to write it there is one
 * that lists and policies are asked about, and that mail is delivered to.
 */
export function withAsciiDomain(address: string): string {
  const domain = domainOf(address);
  if (domain === null || isAscii(domain)) return address;
  const ascii = asciiDomain(domain);
  return ascii === null
    ? address
    : address.slice(0, address.length - domain.length) + ascii;
}

function decoded(text: string): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(toBytes(text));
  } catch {
    return null;
  }
}
