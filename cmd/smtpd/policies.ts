/**
 * smtpd's options about who is asked first.
 *
 * @module
 */
import { absolutePath } from "../../lib/base/path.ts";
import { unasked } from "../../lib/smtpd/options.ts";
import { flag, value, ValueError } from "../../lib/cli/option.ts";
import { number } from "../../lib/cli/readers.ts";
import { type DnsblSite, dnsblZones } from "../../lib/policy/dnsbl_zones.ts";
import { policyAddress } from "../../lib/policy/delegation.ts";

function policy(text: string) {
  const address = policyAddress(text);
  if (address !== null) return address;
  throw new ValueError("PATH or HOST:PORT");
}

function zones(text: string): readonly DnsblSite[] {
  try {
    return dnsblZones(text);
  } catch (error) {
    throw new ValueError(null, `is wrong: ${(error as Error).message}`);
  }
}

function seconds(text: string): number {
  const value = /^\d{1,2}(?:\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (value <= 30) return value;
  throw new ValueError("seconds up to 30, as 0.5");
}

export const whoIsAsked = {
  title: "Who is asked first (nobody by default)",
  manual:
    `The lists above come first, then --dnsbl, --spf, the program in $RCPTCHECK and
--policy, in this order; the first that refuses is told to the client.
Clients that may relay ($RELAYCLIENT, or logged in) are not asked about with
--dnsbl and --spf.`,
  options: {
    greetPause: value({
      long: "greet-pause",
      value: "seconds",
      help: "greet strangers after so long, and refuse who talks before",
      manual:
        `With 554 5.5.1, and nothing that it says is read; 0.5 to 6 are usual.
Whoever has waited once is greeted at once for a day (of many, the last 1,000
are known, to each worker), and so are clients that may relay, this machine's
own, and connections that begin with TLS.`,
      read: seconds,
      initial: unasked.greetPause,
    }),
    dnsbl: value({
      long: "dnsbl",
      value: "zones",
      isList: true,
      help: "defer clients listed in these DNS lists: ZONE,ZONE=127.0.0.2:3",
      manual: `They are written in ASCII; see RFC 5782.
A zone's answer may be named (\`127.0.0.2\`, \`127.0.[0..9].[2;4]\`); without it
all count.
After a colon comes what it is worth, 1 without; below 0 is for lists of clients
that are welcome (\`list.example=127.0.[0..255].[1..3]:-5\`).
Where the sum is --dnsbl-threshold or more, the client is deferred with 451
4.7.1, and the reason of the list that counts most.
Only answers in 127.0.0.0/8 count, and neither 127.0.0.1 nor 127.255.255.0/24
(the list refuses to answer us) does, since it would be everybody that is listed.
A list that does not answer within 10 seconds is passed over, with a log line:
it fails open.`,
      read: zones,
      initial: unasked.dnsbl,
    }),
    dnsblThreshold: value({
      long: "dnsbl-threshold",
      value: "number",
      help: "the sum of their weights from which on a client is refused",
      read: number(1, 1000),
      initial: unasked.dnsblThreshold,
    }),
    dnsblReject: flag({
      long: "dnsbl-reject",
      help: "refuse them with 550 5.7.1 instead of 451",
    }),
    spf: flag({
      long: "spf",
      help: "refuse clients that the sender's SPF policy forbids",
      manual: `See RFC 7208: fail is 550 5.7.23; a lookup that fails for now, or
takes 20 seconds, is 451 4.4.3 (it fails closed); everything else is accepted.
For the null sender the name in HELO is checked.
Of a local part the first 64 characters count, and a record whose macros may
come to more than 2048 in a term is a permerror.`,
    }),
    policy: value({
      long: "policy",
      value: "address",
      help: "a Postfix policy program: PATH, unix:PATH, HOST:PORT or " +
        "inet:HOST:PORT",
      manual: `It speaks Postfix's policy delegation protocol; greylisting
daemons such as postgrey work with it.
Actions that are decisions about the recipient are obeyed; PREPEND and the like
are passed over with a log line.
No answer in 20 seconds, or none that makes sense, defers (451 4.3.5): it fails
closed.`,
      read: policy,
      fromFolder: (text, folder) => {
        const address = policyAddress(text);
        return address?.transport === "unix"
          ? `unix:${absolutePath(address.path, folder)}`
          : text;
      },
      initial: unasked.policy,
    }),
    authenticationResults: flag({
      long: "authentication-results",
      help: "record SPF, DKIM, ARC and DMARC results in each message",
      manual: `In an Authentication-Results header (RFC 8601) on top of each
message from a client that may not relay; such headers that claim to be ours
are removed.
Nothing is refused for a result, but by --dmarc-reject.
What cannot be told within 30 seconds is temperror; a header section that would
be slow to check (more than 1500 lines, a From of more than 8 kB, a line that
belongs to no field) is permerror.
A message past 64 kB is kept meanwhile in an unlinked file in $TMPDIR, or
\`/tmp\`.`,
    }),
    dmarcReject: flag({
      long: "dmarc-reject",
      help: "refuse what fails DMARC where the author's domain wants that",
      manual:
        `With 550 5.7.1, after the text (RFC 9989): the author's domain has
the policy reject, without t=y.
Only of clients that may not relay.
Of several authors, or From fields, one such domain is enough, and six domains
are too many.
Mail of a list that changes it and not its From is refused too, whatever its
ARC sets say.
If one of the author's own domains cannot be asked for now, or nothing is told
within 30 seconds, it is accepted: it fails open.
A header section that is too much for --authentication-results counts as if no
signature were in it.`,
    }),
  },
};
