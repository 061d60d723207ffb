/**
 * The facts of tcpserver's lines as JSON, one object a line.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { TurnFacts } from "./tcpserver.ts";

/** Byte strings become text here: what is no ASCII is told by its escape. */
function object(event: string, facts: Record<string, unknown>): string {
  return JSON.stringify({ time: new Date().toISOString(), event, ...facts })
    .replace(
      /[\x7f-\uffff]/g,
      (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
    );
}

export const status = (active: number, limit: number) =>
  object("status", { active, limit });

export const pidFrom = (pid: number, ip: string) => object("pid", { pid, ip });

export const end = (pid: number, waitStatus: number) =>
  object("end", { pid, status: waitStatus });

export const verdict = (
  what: "ok" | "deny",
  pid: number,
  { local, remote, localHost, remoteHost, remoteInfo }: Connection,
) =>
  object(what, {
    pid,
    localHost: localHost ?? "",
    localIp: local.ip,
    localPort: local.port,
    remoteHost: remoteHost ?? "",
    remoteIp: remote.ip,
    remoteInfo: remoteInfo ?? "",
    remotePort: remote.port,
    interface: remote.interface,
  });

export const dropping = (what: string, reason: string) =>
  object("drop", { what, reason });

export const dropped = (lines: number) => object("dropped", { lines });

export const warning = (text: string) => object("warning", { text });

export const turns = (facts: TurnFacts) => object("turns", { ...facts });
