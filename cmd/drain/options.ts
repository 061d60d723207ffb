/**
 * What postern drain is asked to do.
 *
 * @module
 */
import {
  flag,
  type Option,
  sections,
  type Spelling,
  value,
  ValueError,
} from "../../lib/cli/option.ts";
import { number, text } from "../../lib/cli/readers.ts";
import { usualPausesMs } from "../../lib/drain/pauses.ts";
import { mostDays } from "../../lib/queue/topology.ts";
import { logFormatOption, mailLogOption } from "../mail_log_option.ts";
import { queueTable } from "../queue_options.ts";
import { whereItGoes } from "../smtpd/delivery.ts";
import { whatIsTaken } from "../smtpd/identity.ts";

/** The same option, as it is meant here. */
function here<T>(
  option: Option<T>,
  { initial = option.initial, usual, ...words }:
    & Pick<Spelling, "help" | "manual">
    & Partial<Pick<Spelling, "long">>
    & { readonly initial?: T; readonly usual?: string },
): Option<T> {
  const [{ manual: _, ...spelling }] = option.spellings;
  return {
    initial,
    scope: option.scope,
    ...(usual !== undefined && { usual }),
    spellings: [{ ...spelling, ...words }],
  };
}

const unitsMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const mostPauses = 20;

function pauses(text: string): readonly number[] {
  const all = text.split(",").map((each) => {
    const [, digits, unit] = /^\s*(\d{1,6})([smhd])\s*$/.exec(each) ?? [];
    return Number(digits) * unitsMs[unit];
  });
  if (all.length <= mostPauses && all.every((ms) => ms >= 1000)) return all;
  throw new ValueError("times like 1m,5m,15m,1h,4h (s, m, h or d)");
}

function days(text: string): number {
  const value = /^\d{1,2}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  if (value <= 30) return value;
  throw new ValueError("a number of days up to 30");
}

const { deliver, maildir, relay, route, routes, createMailboxes, minFree } =
  whereItGoes.options;
const { relayTls, relayCa, relayAuth, relayClient, relayConnections } =
  whereItGoes.options;

const theWays = {
  title: "Where it goes",
  options: {
    deliver: here(deliver, {
      help: deliver.spellings[0].help,
      manual: `As --deliver of postern-smtpd(8), and see postern-deliver(5); it
has to be there.
A queue may be another one than that which is drained.`,
    }),
    maildir: here(maildir, {
      help: "short for --deliver maildir:DIR; {user}, {user%+} and {domain} " +
        "in it are the recipient's",
    }),
    relay: here(relay, {
      help: "the same for other domains than those of --rcpthosts",
    }),
    rcpthosts: here(whatIsTaken.options.rcpthosts, {
      help: "domains that --deliver takes, where there is --relay: a,b or a " +
        "path of a file",
      manual: `And --me.
What may be sent at all was the gate's to say.
A file is read again at SIGHUP.`,
    }),
    route: here(route, {
      help: route.spellings[0].help,
      manual: `May be said again, for others; of two for a domain the first
counts.
The longest domain that fits does, and comes before --deliver and --relay.`,
    }),
    routes: here(routes, {
      help: routes.spellings[0].help,
      manual: `The keys of a cdb are in lower case, its data are targets.
The file is read again when it is replaced; while it cannot be read, messages
are tried again later.`,
    }),
    bounces: here(deliver, {
      long: "bounces",
      help: "send reports of what cannot be delivered to its sender, this way",
      manual: `A delivery status notification (RFC 3464) with the header of the
message, from the null sender.
It is put into the queue as a message of its own, and any drain delivers it; all
drains of a queue have this option, or none.
Without it what cannot be delivered is kept in the queue of the dead, and so is
a report that cannot be, and what has the null sender.`,
    }),
    createMailboxes,
    minFree: here(minFree, {
      help: "deliver nothing when less of the Maildir's disk is free",
    }),
  },
};

const theOrder = {
  title: "How much at once, and when again",
  options: {
    concurrency: value({
      long: "concurrency",
      value: "n",
      help: "deliveries at once",
      read: number(1, 1000),
      initial: 20,
    }),
    perDomain: value({
      long: "per-domain",
      value: "n",
      help: "of one domain at once, at most",
      usual: "by how it does",
      manual: `A domain begins with a fifth of --concurrency, has one more with
each delivery that ends soon, up to four fifths, and half as many with each that
takes 10 seconds or longer.
What waits for a domain that does not answer goes back to the queue, to come
again in 15 seconds, and later each time, up to 15 minutes: so what is behind it
is seen.`,
      read: number(1, 1000),
      initial: null,
    }),
    pauses: value<readonly number[]>({
      long: "pauses",
      value: "times",
      help: "how long a message rests after each failed attempt; then always " +
        "the last of them",
      usual: "1m,5m,15m,1h,4h",
      manual: `Times below a minute are for tests.`,
      read: pauses,
      initial: usualPausesMs,
    }),
    days: value({
      long: "days",
      value: "n",
      help: "when a message is given up that cannot be delivered",
      manual: `Counted from its acceptance; 0 is for one attempt.`,
      read: days,
      initial: mostDays,
    }),
    grace: value({
      long: "grace",
      value: "seconds",
      help: "how long SIGTERM waits for deliveries that are under way",
      read: number(0, 3600),
      initial: 30,
    }),
  },
};

const theHops = {
  title: "Servers of lmtp and smtp targets",
  options: {
    relayTls,
    relayCa,
    relayAuth,
    relayClient,
    relayConnections: here(relayConnections, {
      help: "connections at once to each target, at most",
      usual: "--concurrency",
    }),
  },
};

export const { groups, options } = sections(
  theWays,
  theOrder,
  { title: "The queue", options: queueTable },
  theHops,
  {
    title: "The rest",
    options: {
      me: value({
        long: "me",
        value: "name",
        help: "our host name",
        usual: "the system's",
        read: text,
        initial: null,
      }),
      mailLog: mailLogOption("stderr", "block"),
      logFormat: logFormatOption("See postern-log(5).", "block"),
      check: flag({
        long: "check",
        scope: "commandLine",
        help: "say what is wrong, take nothing",
      }),
    },
  },
);
