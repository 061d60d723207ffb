/**
 * tcpserver's log lines (spec/serve.md), letter for letter. The prefix is
 * `tcpserver` whatever the program is called: scripts match on it.
 *
 * @module
 */

/** How much is said: `-q` nothing, `-Q` errors, `-v` everything. */
export type Verbosity = "silent" | "errors" | "all";

/** The fields of an ok or deny line; byte strings, null for unknown. */
export interface ConnectionFields {
  readonly localHost: string | null;
  readonly localIp: string;
  readonly localPort: number;
  readonly remoteHost: string | null;
  readonly remoteIp: string;
  readonly remoteInfo: string | null;
  readonly remotePort: number;
  /** Where a link-local IPv6 client is; no line shows it. */
  readonly interface?: string;
}

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
  const ends = [
    [fields.localHost, fields.localIp, fields.localPort],
    [
      fields.remoteHost,
      fields.remoteIp,
      fields.remoteInfo,
      fields.remotePort,
    ],
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

export const dropping = (what: string, reason: string) =>
  `tcpserver: warning: dropping connection, ${what}: ${reason}`;

export const warning = (text: string) => `tcpserver: warning: ${text}`;
