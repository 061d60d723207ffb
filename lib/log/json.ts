/**
 * The facts of tcpserver's lines as JSON, one object a line.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { GateEvent } from "../base/events.ts";
import { brokenText, troubleText } from "./tcpserver.ts";

/** Byte strings become text here: what is no ASCII is told by its escape. */
function object(event: string, facts: Record<string, unknown>): string {
  return JSON.stringify({ time: new Date().toISOString(), event, ...facts })
    .replace(
      /[\x7f-\uffff]/g,
      (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
    );
}

/** The line of an event; null for what has none. */
export function lineOf(event: GateEvent): string | null {
  switch (event.type) {
    case "status":
      return object("status", { active: event.active, limit: event.limit });
    case "connection.begun":
      return object("pid", { pid: event.number, ip: event.ip });
    case "connection.ok":
      return object("ok", factsOf(event.number, event.connection));
    case "connection.deny":
      return object("deny", factsOf(event.number, event.connection));
    case "connection.dropped":
      return object("drop", { what: event.what, reason: event.why });
    case "connection.ended":
      return object("end", { pid: event.number, status: event.waitStatus });
    case "connection.broken":
      return object("warning", { text: brokenText(event.error) });
    case "login.refused":
    case "tls.failed":
    case "trouble":
      return object("warning", { text: troubleText(event) });
    case "client.blocked":
      return object("blocked", {
        pid: event.number,
        ip: event.ip,
        reply: event.reply,
      });
    case "bytes.recorded":
      return object("recorded", {
        pid: event.number,
        direction: event.direction,
        text: event.text,
        end: event.end.trim(),
      });
    case "turns": {
      const { type, ...facts } = event;
      return object(type, facts);
    }
    default:
      return null; // they are in the mail log
  }
}

export const dropped = (lines: number) => object("dropped", { lines });

const factsOf = (
  pid: number,
  { local, remote, localHost, remoteHost, remoteInfo }: Connection,
) => ({
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
