/**
 * tcpserver's log lines, letter for letter. The prefix is `tcpserver` whatever
 * the program is called: scripts match on it.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { GateEvent } from "../base/events.ts";
import { reason } from "../base/reason.ts";

const fieldBytes = 100;

/** A field as tcpserver prints it: no byte that could forge a log line. */
export function cleanField(text: string): string {
  return clean(text, /[^\x21-\x7e]|[%:]/g);
}

/** An address may be an IPv6 one: its colons stay. */
const cleanAddress = (text: string) => clean(text, /[^\x21-\x7e]|%/g);

function clean(text: string, unwanted: RegExp): string {
  const cut = text.length > fieldBytes;
  const kept = (cut ? text.slice(0, fieldBytes) : text)
    .replace(unwanted, "?");
  return cut ? kept + "..." : kept;
}

/** The line of an event; null for what tcpserver has none for. */
export function lineOf(event: GateEvent): string | null {
  switch (event.type) {
    case "status":
      return `tcpserver: status: ${event.active}/${event.limit}`;
    case "connection.begun":
      return `tcpserver: pid ${event.number} from ${event.ip}`;
    case "connection.ok":
      return verdict("ok", event.number, event.connection);
    case "connection.deny":
      return verdict("deny", event.number, event.connection);
    case "connection.dropped":
      return warning(`dropping connection, ${event.what}: ${event.why}`);
    case "connection.ended":
      return `tcpserver: end ${event.number} status ${event.waitStatus}`;
    case "connection.broken":
      return warning(brokenText(event.error));
    case "login.refused":
    case "tls.failed":
    case "trouble":
      return warning(troubleText(event)!);
    case "client.blocked":
      return `rblsmtpd: ${event.ip} pid ${event.number}: ${event.reply}`;
    case "bytes.recorded":
      return `${event.number} ${event.direction} ${event.text}${event.end}`;
    case "turns": {
      const most = event.mostMs.toFixed(1),
        longest = event.longestMs.toFixed(1);
      return `postern: turns ${event.count}, 99% below ${most} ms, ` +
        `longest ${longest} ms`;
    }
    default:
      return null; // they are in the mail log
  }
}

export const dropped = (count: number) => warning(`${count} log lines dropped`);

const warning = (text: string) => `tcpserver: warning: ${text}`;

/** What is said of a connection that a bug has ended. */
export const brokenText = (error: unknown) =>
  `connection broken off: ${reason(error)}`;

/**
 * What an administrator is to know, in words and without a prefix; null for
 * events that are no trouble.
 */
export function troubleText(event: GateEvent): string | null {
  switch (event.type) {
    case "trouble":
      return event.text;
    case "login.refused":
      return `log-in of ${
        cleanField(event.user)
      } from ${event.party.connection.remote.ip} refused`;
    case "tls.failed":
      return `TLS handshake with ${event.ip} failed: ${event.reason}`;
    default:
      return null;
  }
}

/** The line of an admitted or a denied connection; what is not known is empty. */
function verdict(
  what: "ok" | "deny",
  pid: number,
  { local, remote, localHost, remoteHost, remoteInfo }: Connection,
): string {
  const ends = [
    [localHost, local.ip, local.port],
    [remoteHost, remote.ip, remoteInfo, remote.port],
  ] as const;
  const shown = ends.map(([host, ip, ...rest]) =>
    [
      cleanField(host ?? ""),
      cleanAddress(ip),
      ...rest.map((each) => cleanField(String(each ?? ""))),
    ].join(":")
  );
  return `tcpserver: ${what} ${pid} ${shown.join(" ")}`;
}
