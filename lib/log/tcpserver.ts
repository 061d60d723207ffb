/**
 * tcpserver's log lines (spec/serve.md), letter for letter. The prefix is
 * `tcpserver` whatever the program is called: scripts match on it.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";

/** How much is said: `-q` nothing, `-Q` errors, `-v` everything. */
export type Verbosity = "silent" | "errors" | "all";

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

/** The line of an admitted or a denied connection; what is not known is empty. */
export function verdict(
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

export const dropping = (what: string, reason: string) =>
  `tcpserver: warning: dropping connection, ${what}: ${reason}`;

export const warning = (text: string) => `tcpserver: warning: ${text}`;

/** How long the turns of the event loop were, in milliseconds. */
export interface TurnFacts {
  readonly count: number;
  /** 99 of 100 took at most this. */
  readonly mostMs: number;
  readonly longestMs: number;
}

export const turns = ({ count, mostMs, longestMs }: TurnFacts) =>
  `postern: turns ${count}, 99% below ${mostMs.toFixed(1)} ms, ` +
  `longest ${longestMs.toFixed(1)} ms`;
