/**
 * smtpd's options about how much a client may ask.
 *
 * @module
 */
import { value } from "../../lib/cli/option.ts";
import { number } from "../../lib/cli/readers.ts";
import { classicLimits, defaultLimits } from "../../lib/smtp/limits.ts";
import {
  classicPatience,
  usualDatabytes,
  usualPatience,
} from "../../lib/smtpd/controls.ts";

interface Limit {
  readonly long: string;
  readonly value: string;
  readonly help: string;
  readonly usual: number;
  readonly classic: number;
  /** What a client hears that goes beyond it. */
  readonly reply: string;
  readonly least?: number;
}

/** One that is null unless said, since control files and dialect come first. */
const limit = ({ usual, classic, reply, least = 0, ...names }: Limit) =>
  value({
    ...names,
    usual: String(usual),
    manual: `With --classic: ${Number.isFinite(classic) ? classic : "none"}.
Beyond it: ${reply}.`,
    read: number(least),
    initial: null,
  });

/** Of time and size; null leaves it to control files and dialect. */
export const sessionLimits = {
  databytes: limit({
    long: "databytes",
    value: "bytes",
    help: "of a message",
    usual: usualDatabytes,
    classic: 0,
    reply: "552 5.3.4",
  }),
  timeoutsmtpd: limit({
    long: "timeoutsmtpd",
    value: "seconds",
    help: "without input",
    usual: usualPatience.idleSeconds,
    classic: classicPatience.idleSeconds,
    reply: "451 4.4.2, close",
  }),
  sessionSeconds: limit({
    long: "max-session",
    value: "seconds",
    help: "for a whole session",
    usual: usualPatience.sessionSeconds,
    classic: classicPatience.sessionSeconds,
    reply: "451 4.4.2, close",
  }),
  textBytesPerSecond: limit({
    long: "min-rate",
    value: "bytes",
    help: "of text a second at least",
    usual: usualPatience.textBytesPerSecond,
    classic: classicPatience.textBytesPerSecond,
    reply: "451 4.4.2, close",
  }),
};

/** Those of the SMTP session, by their names there. */
export const smtpLimits = {
  recipients: limit({
    long: "max-recipients",
    value: "n",
    help: "of a message",
    least: 1,
    usual: defaultLimits.recipients,
    classic: classicLimits.recipients,
    reply: "452 4.5.3 (classic: close)",
  }),
  errors: limit({
    long: "max-errors",
    value: "n",
    help: "commands refused since the last message",
    usual: defaultLimits.errors,
    classic: classicLimits.errors,
    reply: "421 4.7.0, close",
  }),
  refusedRecipients: limit({
    long: "max-refused",
    value: "n",
    help: "recipients refused since the last message",
    usual: defaultLimits.refusedRecipients,
    classic: classicLimits.refusedRecipients,
    reply: "each waits half a second; beyond ten times as many: 452 4.5.3",
  }),
  harmlessCommands: limit({
    long: "max-harmless",
    value: "n",
    help: "commands without a message",
    usual: defaultLimits.harmlessCommands,
    classic: classicLimits.harmlessCommands,
    reply: "421 4.7.0, close; 200 more are taken for each second that goes by",
  }),
  hops: limit({
    long: "max-hops",
    value: "n",
    help: "earlier servers of a message",
    least: 1,
    usual: defaultLimits.hops,
    classic: classicLimits.hops,
    reply: "554 5.4.6",
  }),
  commandLineBytes: limit({
    long: "max-command-line",
    value: "bytes",
    help: "of a command",
    least: 512,
    usual: defaultLimits.commandLineBytes,
    classic: classicLimits.commandLineBytes,
    reply: "500 5.5.2, close",
  }),
  textLineBytes: limit({
    long: "max-text-line",
    value: "bytes",
    help: "of a line of a message",
    least: 998,
    usual: defaultLimits.textLineBytes,
    classic: classicLimits.textLineBytes,
    reply: "554 5.6.0",
  }),
  pathBytes: limit({
    long: "max-path",
    value: "bytes",
    help: "of an address",
    least: 64,
    usual: defaultLimits.pathBytes,
    classic: classicLimits.pathBytes,
    reply: "501 (classic: 555)",
  }),
};

export const limits = {
  title: "Limits (0 is none where that makes sense)",
  manual:
    `The idle time counts without input or output, and a command has no more of it
however slowly its line comes; the rate is of message text on an average, after
the first 30 seconds, and silence where text is due counts.
Errors, which log-ins that failed or could not be decided are too, count since
the last message that was taken; so do commands that bring none nearer: NOOP,
EHLO, RSET, HELP, VRFY, MAIL, an empty BDAT.
A recipient that is refused is no error: a list may have many that are no more,
and the others are to have their message.
Text that is refused is read to its end, as far as --databytes and the rate
allow, or until it stands still for 5 seconds.
Who is left is listened to for 2 seconds more, or until it leaves, lest it hears
a reset and not why.
The recipients of a message have 3 MB together, 24 bytes each beside their
addresses; from the thousandth on those beyond their limit are errors.
A handshake has 60 seconds at the most, three wrong passwords are the limit.
Memory for a session does not grow with its message.`,
  options: { ...sessionLimits, ...smtpLimits },
};
