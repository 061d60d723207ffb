/**
 * smtpd's options about where messages go.
 *
 * @module
 */
import { absolutePath } from "../../lib/base/path.ts";
import { unasked } from "../../lib/smtpd/options.ts";
import { flag, value, ValueError } from "../../lib/cli/option.ts";
import { number, path, word } from "../../lib/cli/readers.ts";
import type { TargetMaker } from "../../lib/deliver/target_row.ts";
import {
  readTarget,
  targetFromFolder,
  targetUsage,
} from "../../lib/deliver/targets.ts";
import { clientModes, tlsModes } from "../../lib/next_hop/settings.ts";
import { readRoutes, type Route } from "../../lib/deliver/routes.ts";

function target(text: string): TargetMaker {
  try {
    return readTarget(text);
  } catch (error) {
    throw new ValueError(null, (error as Error).message);
  }
}

function routes(text: string): readonly Route[] {
  try {
    return readRoutes(text);
  } catch (error) {
    throw new ValueError(null, (error as Error).message);
  }
}

/** An address or the path of a Maildir, which may be written as a target. */
function mailbox(text: string): string {
  const path = text.replace(/^maildir:/, "");
  if (path.includes("/")) {
    target(`maildir:${path}`);
    return path;
  }
  const isAddress = /^[^\s<>@]+(@[^\s<>@]+)?$/.test(text);
  if (isAddress) return text;
  throw new ValueError("an address, or a path with a slash in it");
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

\`amqp\` (with TLS: \`amqps\`) is a queue that many machines share; postern-drain(8)
delivers what is in it, and postern-queue(8) sets it up.
The client hears 250 when a majority of its brokers has the message on their
disks; 451 when that cannot be told, and then a drain may deliver it all the
same; 452 where they have no room.

\`discard\` throws mail away: for benchmarks.`,
      read: target,
      fromFolder: targetFromFolder,
      initial: unasked.deliver,
    }),
    relay: value({
      long: "relay",
      value: "target",
      help: "the same for what may be relayed to other domains than ours",
      manual:
        `Without it, and without a route, a recipient elsewhere is refused,
550 5.7.1, whoever the client is; but a qmail-queue takes all.
\`lmtp\` and \`smtp\` hand the message to another server; see
postern-deliver(5).`,
      read: target,
      fromFolder: targetFromFolder,
      initial: unasked.relay,
    }),
    route: value({
      long: "route",
      value: "domain=target",
      isList: true,
      isRepeated: true,
      help: "where mail for a domain goes, or for all below it: .DOMAIN=TARGET",
      manual:
        `May be said again, for others; of two for a domain the first counts.
The longest domain that fits does, and comes before --deliver and --relay.
It says where mail goes, not whether it is taken: for that see --rcpthosts.
A message goes one way: recipients that would go another than its first are told
452 4.5.3, and the client sends it to them again.`,
      read: routes,
      fromFolder: (text, folder) =>
        readRoutes(text).map((route) =>
          `${route.domain}=${targetFromFolder(route.text, folder)}`
        ).join(","),
      initial: unasked.route,
    }),
    routes: value({
      long: "routes",
      value: "file",
      help: "more of them: DOMAIN=TARGET a line, or a .cdb of domains",
      manual: `The keys of a cdb are in lower case, its data are targets.
The file is read again when it is replaced; while it cannot be read, recipients
are deferred (451).`,
      read: path,
      initial: unasked.routes,
    }),
    relayTls: value({
      long: "relay-tls",
      value: "how",
      words: tlsModes,
      help: "TLS with the servers of lmtp and smtp targets: none, " +
        "opportunistic, required, or verified",
      manual: `\`opportunistic\` is where STARTTLS is offered, whatever the
certificate, and in the clear where that fails; to this machine itself always so.
\`required\` is that or nothing.
\`verified\` is with a certificate that an authority vouches for, and that is for
the host's name.
DANE and MTA-STS are not looked at.`,
      read: word(tlsModes),
      initial: unasked.relayTls,
    }),
    relayCa: value({
      long: "relay-ca",
      value: "file",
      help: "authorities that count beside the usual ones, in PEM",
      read: path,
      initial: unasked.relayCa,
    }),
    relayAuth: value({
      long: "relay-auth",
      value: "file",
      help: "log in there with AUTH: HOST USER PASSWORD a line, or * for HOST",
      manual: `PLAIN or LOGIN, over TLS, or to this machine itself.
HOST is the host's own name or address, without a port, also where MX records
name it.
Read before root is given up, and again at SIGHUP if the new ids may.`,
      read: path,
      initial: unasked.relayAuth,
    }),
    relayClient: value({
      long: "relay-client",
      value: "how",
      words: clientModes,
      help: "tell them who our client is: none, xclient, or proxy",
      manual: `XCLIENT is said where it is offered.
The PROXY header (version 1) is sent whether they want it or not, and its
connection serves one message.`,
      read: word(clientModes),
      initial: unasked.relayClient,
    }),
    relayConnections: value({
      long: "relay-connections",
      value: "n",
      help: "at once to each target, at most",
      manual: `Each worker counts for itself.
Who finds none free waits 30 seconds, and is told 451 4.3.2.`,
      read: number(1, 1000),
      initial: unasked.relayConnections,
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
Beneath that no symbolic link is followed, and without placeholders none in the
Maildir: what is there may be its user's, who could have mail put elsewhere by
one.
Such a mailbox is 451 4.3.0 at RCPT, and the log and --check name the link.
What root makes belongs to the owner of the folder that it is in.
A recipient whose folder (up to the last placeholder) does not exist is told
550 5.1.1 at RCPT.

A message for several mailboxes is acknowledged when it is in all of them; each
has a copy of its own, made when the text is whole, a few at a time.
Each file is written in \`tmp\`, synced, renamed into \`new\`, and the folder is
synced, before the client hears 250; commits that come together share the syncs
of the folder.
A full disk is 452 4.3.1, other trouble 451 4.3.0.`,
      read: (text) => target(`maildir:${text}`),
      fromFolder: absolutePath,
      initial: null,
    }),
    postmaster: value({
      long: "postmaster",
      value: "mailbox",
      help: "who has the mail of postmaster: an address, or a Maildir's path " +
        "(it has a slash)",
      manual:
        `RFC 5321 4.5.1 wants mail for \`postmaster\`, without a domain and
at each of ours, to be taken always.
No list of recipients, RCPTCHECK or \`@domain\` of --badrcptto keeps it away; an
entry of its own in --badrcptto does, as do senders, clients and --policy.

Without this option it goes to the one mailbox there is, or, where each user has
one, to that of the postmaster at the domain, else at --me.
If there is neither, it is refused.
--check looks whether the mailbox that is named takes it.
An address without a domain is at --me.`,
      read: mailbox,
      fromFolder: (text, folder) =>
        text.includes("/") ? absolutePath(mailbox(text), folder) : text,
      initial: unasked.postmaster,
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
