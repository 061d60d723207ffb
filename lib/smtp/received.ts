/**
 * The trace line that a server puts before a message (RFC 5321 4.4), in the
 * form that qmail-smtpd gives it.
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
import type { Connection } from "../base/connection.ts";

/**
 * What the line says that the message came by (RFC 3848, RFC 6531 4.3).
 *
 * @param hello the verb of the greeting; null if there was none
 */
export function protocolName(
  hello: "HELO" | "EHLO" | null,
  { utf8, encrypted, user }: {
    utf8: boolean;
    encrypted: boolean;
    user: string | null;
  },
): string {
  if (hello !== "EHLO") return "SMTP";
  return (utf8 ? "UTF8SMTP" : "ESMTP") + (encrypted ? "S" : "") +
    (user !== null ? "A" : "");
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** What a client said of itself cannot break the line or fake another. */
function clean(text: string): string {
  return text.replace(/[^A-Za-z0-9.@%+/=:\-\[\]]/g, "?");
}

/** RFC 5321 4.5.3.1.2. */
const nameBytes = 255;
const addressBytes = 64;

/**
 * Names as a line has room for them: four of them are below the 998 bytes of
 * RFC 5322 2.1.1, whatever the client, its name server or ident say.
 */
export function shortName(name: string | null): string | null {
  return name === null ? null : cut(name, nameBytes);
}

/** The same of all that is told of a connection. */
export function shortNames(connection: Connection): Connection {
  const { local, remote, localHost, remoteHost, remoteInfo } = connection;
  return {
    ...connection,
    local: { ...local, ip: cut(local.ip, addressBytes) },
    remote: { ...remote, ip: cut(remote.ip, addressBytes) },
    localHost: shortName(localHost),
    remoteHost: shortName(remoteHost),
    remoteInfo: shortName(remoteInfo),
  };
}

function cut(text: string, bytes: number): string {
  return text.length > bytes ? `${text.slice(0, bytes - 3)}...` : text;
}

/**
 * The line, ended by LF; ASCII only.
 *
 * @param helo what HELO or EHLO said, null if it was never said
 * @param id what the message is called here; null leaves it out
 */
export function received(
  connection: Connection,
  helo: string | null,
  protocol: string,
  now: Date,
  id: string | null = null,
): string {
  const { local, remote, localHost, remoteHost, remoteInfo } = connection;
  const host = remoteHost ?? "unknown";
  const by = localHost ?? local.ip;
  const info = remoteInfo === null ? "" : clean(remoteInfo) + "@";
  const said = helo === null || foldCase(helo) === foldCase(host)
    ? ""
    : ` (HELO ${clean(helo)})`;
  const known = id === null ? "" : ` id ${id}`;
  return `Received: from ${clean(host)}${said} (${info}${clean(remote.ip)})\n` +
    `  by ${clean(by)} with ${protocol}${known}; ${date(now)}\n`;
}

/** As in `26 Sep 1995 04:46:54 -0000`: always UTC. */
function date(now: Date): string {
  const two = (number: number) => number < 10 ? `0${number}` : `${number}`;
  return `${now.getUTCDate()} ${months[now.getUTCMonth()]} ` +
    `${now.getUTCFullYear()} ${two(now.getUTCHours())}:` +
    `${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())} -0000`;
}
