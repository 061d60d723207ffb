/**
 * The options about the mail log, which serve and smtpd both have.
 *
 * @module
 */
import { absolutePath } from "../lib/base/path.ts";
import { type Scope, value, ValueError } from "../lib/cli/option.ts";
import { word } from "../lib/cli/readers.ts";
import type { MailLogFormat, MailLogPlace } from "../lib/log/mail_log.ts";

const formats: readonly MailLogFormat[] = ["text", "json"];

const syslogSocket = "/dev/log";

function place(text: string): MailLogPlace {
  if (text === "off" || text === "stderr") return { type: text };
  const syslog = /^syslog(?::(.+))?$/s.exec(text);
  if (syslog) return { type: "syslog", path: syslog[1] ?? syslogSocket };
  if (text === "") throw new ValueError("a file, stderr, syslog or off");
  return { type: "file", path: text };
}

/**
 * @param usual what it is where nobody says it
 * @param scope where the option may stand
 */
export const mailLogOption = (usual: string, scope: Scope) =>
  value<MailLogPlace>({
    long: "mail-log",
    value: "place",
    scope,
    usual,
    help: "what became of each message: a line in a file, stderr, syslog " +
      "or off",
    manual: `A line for each message, refused recipient, log-in and TLS
handshake; see postern-log(5), and postern-trace(1), which searches it.
A file is appended to; one that was moved away is made anew.
It has to be writable with the ids of --uid and --gid for that.
For syslog it has the facility mail; \`syslog:PATH\` is that of another socket
than \`/dev/log\`.
A disk that is full, or a reader that is slow, holds nobody up: lines that are
lost are counted, and the count is told.`,
    read: place,
    fromFolder: (text, folder) =>
      text === "off" || text === "stderr" || /^syslog(:|$)/.test(text)
        ? text
        : absolutePath(text, folder),
    initial: null,
  });

/** @param manual what the man page says beyond it */
export const logFormatOption = (manual: string, scope: Scope) =>
  value<MailLogFormat>({
    long: "log-format",
    value: "format",
    words: formats,
    scope,
    help: "how it is written",
    manual,
    read: word(formats),
    initial: "text",
  });
