/**
 * smtpd's options about where messages go.
 *
 * @module
 */
import { unasked } from "../../lib/smtpd/options.ts";
import { flag, value, ValueError } from "../../lib/cli/option.ts";
import type { TargetMaker } from "../../lib/deliver/target_row.ts";
import { readTarget, targetUsage } from "../../lib/deliver/targets.ts";

function target(text: string): TargetMaker {
  try {
    return readTarget(text);
  } catch (error) {
    throw new ValueError(null, (error as Error).message);
  }
}

function percent(text: string): number {
  if (/^\d{1,2}(\.\d+)?$/.test(text)) return Number(text);
  throw new ValueError("a percentage below 100");
}

export const whereItGoes = {
  title: "Where it goes",
  options: {
    deliver: value({
      long: "deliver",
      value: "target",
      help: targetUsage,
      manual:
        `\`qmail-queue\` is a program that reads the message on descriptor 0
and the envelope on 1, see qmail-queue(8); its exit code is the answer, and a
reason that it writes to descriptor 6 when it exits with 82.
One that takes no byte, or does not end, for 10 minutes is ended.
This is the default if $QMAILQUEUE is set or \`bin/qmail-queue\` in $QMAILHOME
exists.

\`maildir\` is a Maildir, made if it is missing; or one for each recipient, see
--maildir.
\`maildir:./Maildir\` is the default otherwise.

\`discard\` throws mail away: for benchmarks.`,
      read: target,
      initial: unasked.deliver,
    }),
    maildir: value({
      long: "maildir",
      value: "dir",
      help:
        "short for --deliver maildir:DIR; {user}, {user%+} (the local part " +
        "up to its first +) and {domain} in it are the recipient's, in lower " +
        "case, and users without a folder are refused",
      manual: `As in
\`--maildir '/var/mail/{domain}/{user%+}/Maildir'\`, where any character may
stand in the place of \`+\`.
A name that is empty, starts with a dot, or has a slash or a control byte is
nobody's; nothing leads out of what stands before the first placeholder.
A recipient whose folder (up to the last placeholder) does not exist is told
550 5.1.1 at RCPT.

A message for several mailboxes is acknowledged when it is in all of them.
Each file is written in \`tmp\`, synced, renamed into \`new\`, and the folder is
synced, before the client hears 250; commits that come together share the syncs
of the folder.
A full disk is 452 4.3.1, other trouble 451 4.3.0.`,
      read: (text) => target(`maildir:${text}`),
      initial: null,
    }),
    createMailboxes: flag({
      long: "create-mailboxes",
      help: "make the mailboxes that are missing",
    }),
    minFree: value({
      long: "min-free",
      value: "percent",
      help: "take no mail when less of the Maildir's disk is free",
      manual: `The client is told 452.`,
      read: percent,
      initial: unasked.minFree,
    }),
  },
};
