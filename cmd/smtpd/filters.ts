/**
 * smtpd's options about who is shown a message before it is taken.
 *
 * @module
 */
import { absolutePath } from "../../lib/base/path.ts";
import { value, ValueError } from "../../lib/cli/option.ts";
import { number, word } from "../../lib/cli/readers.ts";
import type { Patience } from "../../lib/filter/patience.ts";
import {
  type MilterAddress,
  milterAddress,
} from "../../lib/filter/milter_address.ts";
import { rspamdUrl } from "../../lib/filter/rspamd_url.ts";
import { unasked } from "../../lib/smtpd/options.ts";

function milters(text: string): readonly MilterAddress[] {
  return text.split(",").map((each) => {
    const address = milterAddress(each.trim());
    if (address !== null) return address;
    throw new ValueError("PATH, unix:PATH, HOST:PORT or inet:HOST:PORT");
  });
}

function rspamd(text: string) {
  const url = rspamdUrl(text);
  if (url !== null) return url;
  throw new ValueError("http://HOST:PORT, https://HOST:PORT or HOST:PORT");
}

/** Dovecot's Maildir++ has a dot before the names of its folders. */
function folder(text: string): string {
  if (/^\.[^./\p{Cc}][^/\p{Cc}]*$/u.test(text)) return text;
  throw new ValueError("the name of a folder in a Maildir, as .Junk");
}

export const whoIsShown = {
  title: "Who is shown a message before it is taken (nobody by default)",
  manual:
    `A message is kept until it is whole, past 64 kB in an unlinked file in
$TMPDIR, or \`/tmp\`.
Then --authentication-results and --dmarc-reject, each --milter, and --rspamd
are asked, in this order, each about what those before it have left; the first
that refuses is told to the client.
Our own Received field is not among what they see.
All of them are asked about all clients, those who may relay too, but for the
first.
Of each 50 messages are asked about at once; others wait, within its seconds.
Nothing of a message is with the target before all have answered.`,
  options: {
    milters: value({
      long: "milter",
      value: "address",
      isList: true,
      isRepeated: true,
      help: "ask a milter: PATH, unix:PATH, HOST:PORT or inet:HOST:PORT",
      manual: `May be said again, for others; they are asked in this order.
Sendmail's \`local:PATH\` and \`inet:PORT@HOST\` will do, too.
The milter protocol of versions 2 to 6; it is told of connection, HELO, sender
and recipients when the first recipient comes, and whatever it says then is said
to RCPT.
It may reject, defer, discard, add, insert, change and remove header fields, and
change body, sender and recipients; a recipient that it adds goes where the
first goes.
What it wants quarantined goes to --junk, with X-Quarantine and its reason.
The macros are those of Postfix; its fields are counted, and changed, as Postfix
does it.
Of a reply of several lines the client hears one.
The client is told 421, and left, if the milter wants that.
It has one connection in a session; one that was lost between messages is made
anew.
That it is still at work gives it its seconds again, up to ten minutes.
One that has failed is not asked about the rest of the same message.`,
      read: milters,
      fromFolder: (text, folder) =>
        milters(text).map(({ text, address }) =>
          address.transport === "unix"
            ? `unix:${absolutePath(address.path, folder)}`
            : text
        ).join(","),
      initial: unasked.milters,
    }),
    rspamd: value({
      long: "rspamd",
      value: "url",
      help: "ask rspamd: http://HOST:PORT",
      manual: `Of a worker that scans (\`worker "normal"\`, port 11333).
Its action reject is 550 5.7.1, soft reject 451 4.7.1, each with its own words;
add header adds X-Spam: Yes, rewrite subject that and the subject, quarantine
that and --junk; discard lets the message vanish.
Greylist is but a score: its module for that says soft reject when it means it.
Fields that it wants added or removed are, where Postfix puts them for rspamd's
own milter, and so are its DKIM signatures.
No proxy that the environment names is between.`,
      read: rspamd,
      initial: unasked.rspamd,
    }),
    filterSeconds: value({
      long: "filter-seconds",
      value: "seconds",
      help: "a milter, or rspamd, has this long for a message, or a recipient",
      read: number(1, 3600),
      initial: unasked.filterSeconds,
    }),
    filterFailure: value({
      long: "filter-failure",
      value: "what",
      words: ["defer", "accept"],
      help: "what becomes of a message that one cannot be asked about",
      manual: `If it is not there, does not answer in time, or its answer makes
no sense: defer is 451 4.7.1 (it fails closed), accept takes the message as if
nobody minded (it fails open), with a log line.`,
      read: word<Patience["onFailure"]>(["defer", "accept"]),
      initial: unasked.filterFailure,
    }),
    junk: value({
      long: "junk",
      value: "folder",
      help: "the folder of a Maildir that is for what is put aside",
      manual: `It is made where it is missing.
Targets that are no Maildirs have no folders: they get the message with
X-Spam: Yes, or X-Quarantine, in its header.`,
      read: folder,
      initial: unasked.junk,
    }),
  },
};
