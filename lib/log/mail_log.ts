/**
 * The mail log: what became of each message, recipient, log-in and handshake,
 * a line each. Where it goes, and in which format.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { LineBlocks } from "./line_blocks.ts";
import { LineWriter } from "./line_writer.ts";
import { LogFile } from "./log_file.ts";
import { isInMailLog } from "./mail_facts.ts";
import {
  jsonLineOf,
  jsonLost,
  lineText,
  textLineOf,
  textLost,
} from "./mail_line.ts";
import { stderrLines } from "./stderr_lines.ts";
import { rfc3164 } from "./syslog.ts";
import { SyslogSender } from "./syslog_sender.ts";

export type MailLogFormat = "text" | "json";

/** Where it goes. */
export type MailLogPlace =
  | { readonly type: "off" | "stderr" }
  /** A file, or the socket of syslogd. */
  | { readonly type: "file" | "syslog"; readonly path: string };

const mailFacility = 2, informational = 6;

interface Destination {
  /** Takes the bytes of a line, which are used again. */
  line(bytes: Uint8Array): void;
  /** What was opened may be another by now (HUP). */
  refresh?(): void;
}

/**
 * Opens it, for events from now on. What it has to write is waited for by
 * `flushAll` in `line_writer.ts`.
 *
 * @param emit is told when it cannot be written
 * @throws Error that has a reason
 */
export function openMailLog(
  place: MailLogPlace,
  format: MailLogFormat,
  emit: Emit,
): Emit {
  const isJson = format === "json";
  const lineOf = isJson ? jsonLineOf : textLineOf;
  const lost = isJson ? jsonLost : textLost;
  const lostNow = (count: number) => lost(count, Date.now());
  const isOnStderr = place.type === "stderr";
  const destination = destinationOf(place, lostNow, emit);
  return (event) => {
    if (!isInMailLog(event)) return;
    // Among tcpserver's lines there is one already.
    if (isOnStderr && event.type === "connection.deny") return;
    destination.line(lineOf(event, Date.now())!);
    if (event.type === "settings.refreshed") destination.refresh?.();
  };
}

function destinationOf(
  place: MailLogPlace,
  lost: (count: number) => string,
  emit: Emit,
): Destination {
  switch (place.type) {
    case "syslog":
      return asTexts(syslogLines(place.path, lost));
    case "file":
      return fileLines(place.path, lost, emit);
    case "off":
    case "stderr":
      return asTexts(stderrLines);
  }
}

const asTexts = (writer: LineWriter): Destination => ({
  line: (bytes) => writer.line(lineText(bytes)),
});

function fileLines(
  path: string,
  lost: (count: number) => string,
  emit: Emit,
): Destination {
  const file = new LogFile(path, emit);
  const lines = new LineBlocks((bytes) => file.write(bytes), lost);
  return {
    line: (bytes) => lines.line(bytes),
    refresh: () => file.refresh(),
  };
}

/** A message for each line; the writer waits, and counts what is too much. */
function syslogLines(
  path: string,
  lost: (count: number) => string,
): LineWriter {
  const tag = `postern[${Deno.pid}]`;
  const render = (text: string) => {
    const timeMs = Date.now();
    const message = { severity: informational, timeMs, isLater: false, text };
    return rfc3164(message, mailFacility, tag);
  };
  const sender = new SyslogSender(path, (count) => render(lost(count)));
  const decoder = new TextDecoder();
  return new LineWriter(async (bytes) => {
    for (const line of decoder.decode(bytes).split("\n")) {
      if (line !== "") await sender.send(render(line));
    }
    return bytes.length;
  }, lost);
}
