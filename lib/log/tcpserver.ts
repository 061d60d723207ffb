/**
 * tcpserver's log lines (spec/serve.md), letter for letter. The prefix is
 * `tcpserver` whatever the program is called: scripts match on it.
 *
 * @module
 */

/** How much is said: `-q` nothing, `-Q` errors, `-v` everything. */
export type Verbosity = "silent" | "errors" | "all";

/** The fields of an ok or deny line; byte strings, "" for unknown. */
export interface ConnectionFields {
  readonly localHost: string;
  readonly localIp: string;
  readonly localPort: number;
  readonly remoteHost: string;
  readonly remoteIp: string;
  readonly remoteInfo: string;
  readonly remotePort: number;
  /** Where a link-local IPv6 client is; no line shows it. */
  readonly interface?: string;
}

const fieldBytes = 100;

/** A field as tcpserver prints it: no byte that could forge a log line. */
export function cleanField(text: string): string {
  const cut = text.length > fieldBytes;
  const clean = (cut ? text.slice(0, fieldBytes) : text)
    .replace(/[^\x21-\x7e]|%/g, "?");
  return cut ? clean + "..." : clean;
}

export const status = (active: number, limit: number) =>
  `tcpserver: status: ${active}/${limit}`;

export const pidFrom = (pid: number, ip: string) =>
  `tcpserver: pid ${pid} from ${ip}`;

export const end = (pid: number, waitStatus: number) =>
  `tcpserver: end ${pid} status ${waitStatus}`;

export function verdict(
  what: "ok" | "deny",
  pid: number,
  fields: ConnectionFields,
): string {
  const local = [fields.localHost, fields.localIp, String(fields.localPort)];
  const remote = [
    fields.remoteHost,
    fields.remoteIp,
    fields.remoteInfo,
    String(fields.remotePort),
  ];
  return `tcpserver: ${what} ${pid} ${local.map(cleanField).join(":")} ${
    remote.map(cleanField).join(":")
  }`;
}

export const dropping = (what: string, reason: string) =>
  `tcpserver: warning: dropping connection, ${what}: ${reason}`;

export const warning = (text: string) => `tcpserver: warning: ${text}`;
