/**
 * serve's options about the process: its ids, its life, its log.
 *
 * @module
 */
import {
  flag,
  oneOf,
  type Spelling,
  value,
  ValueError,
} from "../../lib/cli/option.ts";
import { number, path, word } from "../../lib/cli/readers.ts";
import type { LogFormat, Verbosity } from "../../lib/log/log.ts";
import {
  groupIdOf,
  idFromEnvironment,
  userIdOf,
} from "../../lib/process/ids.ts";
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

const logFormats: readonly LogFormat[] = ["text", "json"];

const scope = "process" as const;

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

Nothing is bound, and descriptors that a supervisor would hand over are not
looked for.
A policy program is connected to, and asked nothing.`,
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
    logFormat: value({
      long: "log-format",
      value: "format",
      words: logFormats,
      scope,
      help: "how it is written",
      manual:
        `As text it has tcpserver's lines; as JSON the same facts, one object
a line.`,
      read: word(logFormats),
      initial: "text",
    }),
  },
};
