/**
 * serve's options about the process: its ids, its life, its log.
 *
 * @module
 */
import {
  either,
  flag,
  oneOf,
  type Spelling,
  value,
  ValueError,
} from "../../lib/cli/option.ts";
import { number, path } from "../../lib/cli/readers.ts";
import type { Verbosity } from "../../lib/log/log.ts";
import { type Place, placeOf } from "../../lib/metrics/place.ts";
import {
  groupIdOf,
  idFromEnvironment,
  userIdOf,
} from "../../lib/process/ids.ts";
import { logFormatOption, mailLogOption } from "../mail_log_option.ts";
import { longestSeconds, seconds } from "./seconds.ts";

/** Each worker is a process; nobody has so many cores. */
const mostWorkers = 9999;

const atLeastOne = number(1, mostWorkers);

function workers(text: string): number {
  if (text === "auto") return navigator.hardwareConcurrency;
  try {
    return atLeastOne(text, false);
  } catch {
    throw new ValueError("a number above 0, or auto");
  }
}

/** Those below are stdin, stdout and stderr. */
const firstDescriptor = 3;
const mostDescriptors = 999_999;
const anyDescriptor = number(firstDescriptor, mostDescriptors);

function descriptor(text: string): number {
  try {
    return anyDescriptor(text, false);
  } catch {
    throw new ValueError("a descriptor above 2");
  }
}

const fromEnvironment = (variable: "UID" | "GID"): Spelling<number> => ({
  short: "U",
  long: "ids-from-env",
  help: "take both ids from $UID and $GID",
  read: (_, classic) => idFromEnvironment(variable, classic),
});

const scope = "process" as const;

const confine = either(
  true,
  {
    long: "confine",
    help: "give up all that serving does not need",
    manual: `So that whoever gets hold of the process gets hold of little else.
Once the ports are bound and the ids are given up, it executes itself anew,
without capabilities and new privileges (capabilities(7), prctl(2)).
Where it runs no program it also opens no files but those that it was told to
use (landlock(7)): it reads control files, lists, rules and certificates, with
the folders they are in, and writes to Maildirs and, for
--authentication-results, to $TMPDIR; and system calls that it never makes are
refused (seccomp(2)).
What the kernel does not have of that is said at the start.

That is the default where no program is run, but for the name tcpserver.
A program that is run (PROGRAM, --isolate, a queue program, --checkpassword,
RCPTCHECK) may be anything, and run set-uid programs in its turn, which new
privileges are for: then nothing is given up unless this option says so, and
files and system calls are not touched even then.
One that is set-uid itself is refused with this option.
A program that a rule names only later is not run: its mail is deferred, and
the log says what to do.

Root that stays root (no --uid) keeps of its capabilities those that files of
other users take, if there are such mailboxes, lists or rules, and those by
which the process that looks into strangers' mail becomes nobody.`,
  },
  {
    long: "no-confine",
    help: "give up nothing but the ids",
    manual: `For files that are elsewhere each time, or a debugger.`,
  },
);

export const theProcess = {
  title: "The process",
  options: {
    uid: {
      initial: 0,
      usual: "unchanged",
      scope,
      spellings: [{
        short: "u",
        long: "uid",
        value: "id",
        help: "user id (or name) to run as",
        manual: `From when the port is bound on.
Supplementary groups are given up too.
0 changes nothing.
A name is looked up, and an unknown one ends the program.`,
        read: userIdOf,
      }, fromEnvironment("UID")],
    },
    gid: {
      initial: 0,
      usual: "unchanged",
      scope,
      spellings: [{
        short: "g",
        long: "gid",
        value: "id",
        help: "group id (or name) to run as",
        manual: `It is not that of the user unless this says so.`,
        read: groupIdOf,
      }, fromEnvironment("GID")],
    },
    workers: value({
      long: "workers",
      value: "n",
      scope,
      help: "processes that accept, or auto: one for each core",
      manual:
        `They accept on the same port (SO_REUSEPORT), and there are no more
of them than the smallest --limit.
They divide that limit among themselves, each its part for good, and share one
status line.
One that dies is started again, after 1 second at first and 30 at the most;
it is the new version's when the executable has been replaced meanwhile.
The process that starts them reads nothing from the network, and keeps its ids,
since a new worker has to bind before it gives up its own.`,
      read: workers,
      initial: 1,
    }),
    confine: { ...confine, scope, initial: null as boolean | null },
    printPort: flag({
      short: "1",
      long: "print-port",
      scope,
      help: "print the port on stdout",
      manual: `When it is bound; with --config that of each block.`,
    }),
    pidfile: value({
      long: "pidfile",
      value: "file",
      scope,
      help: "write the process id there once listening",
      manual:
        `Once the port is bound and before anything is accepted; where that
is not possible, exit 111.
One that is there already is replaced, never believed; what is no regular file
is refused.
Until the gate serves it is not there yet, or empty.
The file is removed at the end; where the new ids may not, it is emptied.`,
      read: path,
      initial: null,
    }),
    readyFd: value({
      long: "ready-fd",
      value: "fd",
      scope,
      help: "write a newline to this descriptor once ready",
      manual: `It is closed then (s6).`,
      read: descriptor,
      initial: null,
    }),
    graceSeconds: value({
      long: "grace",
      value: "seconds",
      scope,
      help: "for sessions to end after SIGTERM",
      manual:
        `Sessions inside this process, that is; ${longestSeconds} at the most.
Those that are still there then are told so, 421, and have a second to hear it;
a message of which not all has come is forgotten, and one that is being stored
is answered first.`,
      read: seconds,
      initial: 10,
    }),
    check: flag({
      long: "check",
      scope: "commandLine",
      help: "look whether all is well, and do nothing",
      manual: `It looks at everything that the options name: files, lists,
templates, folders, programs, sockets, certificates; for the built-in smtpd at
the control files too, and at what RCPTCHECK, QMAILQUEUE and TMPDIR are set to
in the environment or by a rule.
Each thing that is wrong is a line that starts with the block it is in, where
there are several; then the exit code is 100, else 0.

If root asks, certificates, keys and the pidfile are looked at as root, and all
else with the ids of --uid and --gid.
What a gate would only warn of is told as well: a certificate that has expired,
is not valid yet or not for our name; a password file that everybody on the
machine may read.

Nothing listens, and descriptors that a supervisor would hand over are not
looked for.
The place of --metrics is tried: where a gate answers already, it is taken for
the one whose options are looked at.
A policy program is connected to, and asked nothing.`,
    }),
  },
};

function metricsPlace(text: string): Place {
  const place = placeOf(text);
  if (place !== null) return place;
  throw new ValueError("HOST:PORT (HOST an IP address) or unix:/PATH");
}

export const lookingAt = {
  title: "Looking at it",
  options: {
    metrics: value({
      long: "metrics",
      value: "place",
      scope,
      help:
        "HOST:PORT or unix:PATH of a status page, and of Prometheus' numbers",
      manual: `At / is a page for people, at /metrics text for Prometheus, and
postern-top(1) shows the same in a terminal; of all --workers together.
postern-metrics(5) tells of each number.
Nothing can be changed there.
It is opened with the ids of --uid and --gid, so a PATH has to be where these
may make a file.
Without --metrics-token only addresses of the loopback interface and PATHs are
taken, and only names of this machine are answered to.`,
      read: metricsPlace,
      initial: null,
    }),
    metricsToken: value({
      long: "metrics-token",
      value: "file",
      scope,
      help: "whose first line everybody has to say there",
      manual: `16 letters or more, which may be root's alone to read.
It is said as a bearer (\`Authorization: Bearer TOKEN\`), or as a browser does, as a
password with any user.
There is no encryption: for other machines put a proxy before it that has.`,
      read: path,
      initial: null,
    }),
  },
};

export const theLog = {
  title: "The log",
  options: {
    verbosity: oneOf<Verbosity>("errors", [
      [{ short: "q", long: "quiet", help: "say nothing" }, "silent"],
      [{ short: "Q", long: "errors", help: "say errors" }, "errors"],
      [{ short: "v", long: "verbose", help: "say everything" }, "all"],
    ], { scope }),
    mailLog: mailLogOption("stderr with -v", scope),
    logFormat: logFormatOption(
      `As text it has tcpserver's lines, and those of postern-log(5); as JSON the
same facts, one object a line.`,
      scope,
    ),
  },
};
