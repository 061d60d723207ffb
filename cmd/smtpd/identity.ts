/**
 * smtpd's options about who we are, and what is taken.
 *
 * @module
 */
import { absolutePath } from "../../lib/base/path.ts";
import { unasked } from "../../lib/smtpd/options.ts";
import { flag, value } from "../../lib/cli/option.ts";
import { path, text } from "../../lib/cli/readers.ts";

/** A list that is a path has a slash. */
const listFromFolder = (text: string, folder: string) =>
  text.includes("/") ? absolutePath(text, folder) : text;

export const whoWeAre = {
  title: "Who we are",
  options: {
    classic: flag({
      long: "classic",
      help: "exactly qmail-smtpd's keywords and replies",
      manual: `And its limits.
STARTTLS, AUTH and chunks are not there.`,
    }),
    control: value({
      long: "control",
      value: "dir",
      help: "control files",
      usual: "$QMAILHOME/control",
      manual: `$QMAILHOME is \`/var/qmail\` where it is not set.`,
      read: path,
      initial: null,
    }),
    me: value({
      long: "me",
      value: "name",
      help: "our host name",
      manual: `Without a control directory it is the system's.`,
      read: text,
      initial: unasked.me,
    }),
    smtpgreeting: value({
      long: "smtpgreeting",
      value: "text",
      help: "what follows the 220",
      usual: "our host name",
      manual:
        `And the 250 to HELO and EHLO; its first word should be our host name.`,
      read: text,
      initial: unasked.smtpgreeting,
    }),
    localiphost: value({
      long: "localiphost",
      value: "name",
      help: "the domain of user@[our address]",
      usual: "our host name",
      manual: `It replaces an address literal of our own,
\`user@[192.0.2.1]\` or \`user@[IPv6:2001:db8::1]\`.`,
      read: text,
      initial: unasked.localiphost,
    }),
  },
};

export const whatIsTaken = {
  title: "What is taken",
  options: {
    rcpthosts: value({
      long: "rcpthosts",
      value: "list",
      isList: true,
      help: "domains that mail is accepted for: a,b or a path of a file",
      manual: `\`.example.org\` means every subdomain of example.org, but not
example.org itself.
Without this list mail is accepted for --me alone.`,
      read: text,
      fromFolder: listFromFolder,
      initial: unasked.rcpthosts,
    }),
    badmailfrom: value({
      long: "badmailfrom",
      value: "list",
      isList: true,
      help: "senders refused: address or @domain; a,b or a path of a file",
      manual: `It is said at RCPT, 553 5.7.1.`,
      read: text,
      fromFolder: listFromFolder,
      initial: unasked.badmailfrom,
    }),
    badrcptto: value({
      long: "badrcptto",
      value: "list",
      isList: true,
      help: "recipients refused: address or @domain; a,b or a path of a file",
      manual: `553 5.7.1, to everybody.`,
      read: text,
      fromFolder: listFromFolder,
      initial: unasked.badrcptto,
    }),
    recipients: value({
      long: "recipients",
      value: "file",
      help: "accept only these: address, @domain or local name a line, or a " +
        ".cdb of such keys",
      manual: `A bare local name counts at any of our domains; the keys of a cdb
are in lower case.
\`user+ext\` is listed where \`user\` is, and \`user-ext\` where \`user-default\` is;
postmaster always is (RFC 5321 4.5.1).
Others are told 550 5.1.1.
The file is read again when it is replaced.
While it cannot be read, every recipient is deferred (451): it fails closed.
Not asked about clients that may relay.`,
      read: path,
      initial: unasked.recipients,
    }),
    qualify: flag({
      long: "qualify",
      help: "add --me to addresses without a domain, not refuse them",
      manual: `Without it such a recipient is told 553 5.1.3, unless it is the
postmaster; a sender is taken as it is.`,
    }),
    openRelay: flag({
      long: "open-relay",
      help: "accept mail for every domain from everyone",
    }),
    normalizeLf: flag({
      long: "normalize-lf",
      help: "take a bare LF in a message for the end of a line, not refuse it",
      manual: `For programs on one's own machines that send text as it lies on
disk.
It never ends the message, whatever is around it, and is not passed on as such.
A bare CR and a NUL are refused all the same.
Not with --classic.`,
    }),
  },
};
