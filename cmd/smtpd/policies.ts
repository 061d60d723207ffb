/**
 * smtpd's options about who is asked first.
 *
 * @module
 */
import { unasked } from "../../lib/smtpd/options.ts";
import { flag, value, ValueError } from "../../lib/cli/option.ts";
import { dnsblZones } from "../../lib/policy/dnsbl_zones.ts";
import { policyAddress } from "../../lib/policy/delegation.ts";

function policy(text: string) {
  const address = policyAddress(text);
  if (address !== null) return address;
  throw new ValueError("PATH or HOST:PORT");
}

function zones(text: string): readonly string[] {
  try {
    return dnsblZones(text);
  } catch (error) {
    throw new ValueError(null, `is wrong: ${(error as Error).message}`);
  }
}

export const whoIsAsked = {
  title: "Who is asked first (nobody by default)",
  manual:
    `The lists above come first, then --dnsbl, --spf, the program in $RCPTCHECK and
--policy, in this order; the first that refuses is told to the client.
Clients that may relay ($RELAYCLIENT, or logged in) are not asked about with
--dnsbl and --spf.`,
  options: {
    dnsbl: value({
      long: "dnsbl",
      value: "zones",
      isList: true,
      help: "defer clients listed in these DNS blocklists: ZONE,ZONE",
      manual: `They are written in ASCII; see RFC 5782.
A listed client is deferred with 451 4.7.1 and the list's reason.
Only answers in 127.0.0.0/8 count, and 127.255.255.0/24 (the list refuses to
answer us) does not.
A list that does not answer within 10 seconds is passed over, with a log line:
it fails open.`,
      read: zones,
      initial: unasked.dnsbl,
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
      initial: unasked.policy,
    }),
    authenticationResults: flag({
      long: "authentication-results",
      help: "record SPF, DKIM, ARC and DMARC results in each message",
      manual: `In an Authentication-Results header (RFC 8601) on top of each
message from a client that may not relay; such headers that claim to be ours
are removed.
Nothing is refused for a result, DMARC's neither.
What cannot be told within 30 seconds is temperror; a header section that would
be slow to check (more than 1500 lines, a From of more than 8 kB, a line that
belongs to no field) is permerror.
A message past 64 kB is kept meanwhile in an unlinked file in $TMPDIR, or
\`/tmp\`.`,
    }),
  },
};
