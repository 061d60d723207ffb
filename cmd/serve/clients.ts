/**
 * serve's options about who may connect, and what is found out about them.
 *
 * @module
 */
import { either, flag, value, ValueError } from "../../lib/cli/option.ts";
import { bytes, classicNumber, number, path } from "../../lib/cli/readers.ts";
import { programBacklog, protocolBacklog } from "../../lib/process/options.ts";
import { Subnets } from "../../lib/base/ip.ts";
import type { Rate } from "../../lib/gate/client_limits.ts";
import { seconds } from "./seconds.ts";

const maximum = 999_999_999;

function rate(text: string): Rate {
  const match = /^([1-9]\d{0,8})\/([1-9]\d{0,8})$/.exec(text);
  if (!match) throw new ValueError("N/SECONDS, such as 30/60");
  return { connections: Number(match[1]), seconds: Number(match[2]) };
}

function subnets(text: string): Subnets {
  try {
    return new Subnets(text.split(",").map((each) => each.trim()));
  } catch (error) {
    throw new ValueError(
      "addresses and ranges such as 192.0.2.1,10.0.0.0/8",
      (error as Error).message,
    );
  }
}

export const whoMayConnect = {
  title: "Who may connect",
  options: {
    rules: value({
      short: "x",
      long: "rules",
      value: "cdb",
      help: "access rules, made by `postern rules compile`",
      manual: `See postern-rules(1).
A file that was replaced counts from the next connection on.
A file that is missing, unreadable or damaged denies every connection, and
says so each time.`,
      read: path,
      initial: null,
    }),
    allowMissingRules: flag({
      short: "X",
      long: "allow-missing-rules",
      help: "a rules file that is not there allows",
      manual: `Only that does; one that cannot be read still denies.`,
    }),
    limit: value({
      short: "c",
      long: "limit",
      value: "n",
      help: "connections at once",
      manual:
        `At the limit nothing is accepted; the kernel's queue holds the rest.
With --workers each has an equal part of it, and clients of one that is full
wait although others may have room.
The soft limit of descriptors is raised as far as this needs and the hard one
allows; what is still too little is said at the start, with both numbers.`,
      read: classicNumber(number(1, maximum)),
      initial: 40,
    }),
    backlog: value({
      short: "b",
      long: "backlog",
      value: "n",
      help: "connections that wait in the kernel",
      usual: `${programBacklog}, the built-in smtpd ${protocolBacklog}`,
      read: classicNumber(number(0, maximum)),
      initial: null,
    }),
    perClient: value({
      long: "per-ip",
      value: "n",
      help: "connections at once of one client",
      usual: "as many as are free",
      manual: `A client is an IPv4 address, or an IPv6 /64; 0 is for no limit.
Without the option it may have as many connections as are free for others, so
that few clients cannot shut out the rest: of 40 one alone gets 20, and another
one then 10.
With --workers that is so of each worker's part of them.
One to whose address the rules give RELAYCLIENT may have all of them, and one
whose address is also our end of the connection, this machine, all but the last
tenth, or the last 10.
Clients behind a proxy that does not name them (--proxy-protocol) are one client
to us: there, give a number or 0.
Under the name tcpserver there is no limit without the option.`,
      read: number(0, maximum),
      initial: null,
    }),
    rate: value({
      long: "rate",
      value: "n/seconds",
      help: "connections of one client in a time",
      manual: `A burst of <n>, then as many in each such time on an average.
The rates of the last 65536 clients or so are remembered.
Gates on several machines count each for themselves, this and --per-ip: what
stands in front of all of them can count for all, as haproxy's stick tables do.

With --workers and either of --per-ip and --rate all connections of a client
go to the same worker, except while one is missing.
With --proxy-protocol too they cannot, since the kernel sees the proxy: then
each worker counts for itself, and a client may have as many times more as
there are workers.`,
      read: rate,
      initial: null,
    }),
    busyReply: flag({
      long: "busy-reply",
      help: "tell a client that is over its limit",
      manual: `It hears
\`421 4.7.0 too many connections, try again later\`
before it is closed.`,
    }),
    proxies: value({
      long: "proxy-protocol",
      value: "list",
      isList: true,
      help: "believe the PROXY header of these addresses and ranges",
      manual: `Version 1 or 2, in front of a connection from one of them;
commas stand between them, and an IPv4 one is four numbers, none with zeros in
front.
Rules, limits, the environment and the log then know the client that it names.
A connection from there without a good header within 5 seconds is dropped; one
of version 2 may have 32768 bytes of addresses and extensions.
Health checks (LOCAL, UNKNOWN, or a header that names the proxy itself) count
against no limit.
From any other address such a header is what it looks like: a bad command.`,
      read: subnets,
      initial: null,
    }),
  },
};

export const whatIsFoundOut = {
  title: "What is found out",
  options: {
    remoteHost: either(
      true,
      {
        short: "h",
        long: "remote-name",
        help: "look up the client's host name",
      },
      { short: "H", long: "no-remote-name", help: "do not" },
    ),
    paranoid: either(
      false,
      {
        short: "p",
        long: "paranoid",
        help: "drop a name that does not lead back to the client's address",
        manual: `Without it such a name counts, but lets no client relay.`,
      },
      { short: "P", long: "no-paranoid", help: "do not" },
    ),
    remoteInfo: either(
      true,
      {
        short: "r",
        long: "remote-info",
        help: "ask the client's ident server",
        manual: `It is asked from the address that the client came to.
A client behind a proxy is not asked.`,
      },
      { short: "R", long: "no-remote-info", help: "do not" },
    ),
    infoTimeoutSeconds: value({
      short: "t",
      long: "timeout",
      value: "seconds",
      help: "for ident and DNS",
      manual: `DNS has 5 seconds at least.
They are asked at the same time, and hold up nobody else.`,
      read: classicNumber(seconds),
      initial: 26,
    }),
    localHost: value({
      short: "l",
      long: "local-name",
      value: "name",
      help: "our own host name, instead of asking DNS",
      read: bytes,
      initial: null,
    }),
  },
};
