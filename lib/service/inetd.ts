/**
 * A line of /etc/inetd.conf, as openbsd-inetd and inetutils-inetd read it.
 *
 * @module
 */
import type { Machine, Service, Supervisor } from "./service.ts";
import {
  type Executed,
  executedOf,
  hostOf,
  isV6,
  localName,
  lostOptions,
  portProblems,
  userOf,
} from "./session_program.ts";

const path = "/etc/inetd.conf";
const pidfile = "/run/inetd.pid";

/** openbsd-inetd drops what is beyond these without a word (its MAXARGV). */
const mostWords = 19;

const accessInstead =
  "say who may connect in /etc/hosts.allow (hosts_access(5)), or take --for " +
  "xinetd, which has only_from";

const instead = {
  "rules": accessInstead,
  "allow-missing-rules": accessInstead,
  "limit": "it does not count connections: take --for xinetd, or leave it off",
  "per-ip": "it does not count connections: take --for xinetd",
  "rate": "it has only a rate for all clients together (nowait.N)",
};

/** inetd, of whoever. */
export const inetd: Supervisor = {
  name: "inetd",
  summary: "a line of /etc/inetd.conf, which runs PROGRAM for each connection",
  runs: (machine) => machine.exists(pidfile),
  problems: (service) => [
    ...lostOptions(service, "inetd", [], instead),
    ...portProblems(service),
    ...idProblems(service),
    ...wordProblems(executed(service)),
  ],
  parts: (service, machine) => [
    { kind: "line", path, text: line(service, machine) },
  ],
  settle: () => [
    ["/bin/sh", "-c", rereading, "kill -HUP of inetd, where it runs"],
  ],
  starting: () =>
    "service openbsd-inetd start, or service inetutils-inetd start",
};

/** HUP to the one that runs; where none does the next start reads the file. */
const rereading = `read -r pid <${pidfile} 2>/dev/null || exit 0
grep -qs inetd "/proc/$pid/comm" || exit 0
kill -HUP "$pid"`;

/** inetd has no way to set a variable, but env(1) has. */
function executed(service: Service): Executed {
  const name = localName(service);
  const { path, words: [argv0, ...args] } = executedOf(service);
  if (name === null) return { path, words: [argv0, ...args] };
  return {
    path: "/usr/bin/env",
    // Its own name is for tcp wrappers, to whom the service is known by it.
    words: [argv0, `TCPLOCALHOST=${name}`, path, ...args],
  };
}

function line(service: Service, machine: Machine): string {
  const { port } = service.listenings[0];
  const host = hostOf(service);
  const { user, group } = userOf(service);
  const { path, words } = executed(service);
  return [
    host === null || host === "::" ? port : `${host}:${port}`,
    "stream",
    protocolOf(service, machine),
    "nowait",
    group === null ? user : `${user}:${group}`,
    path,
    ...words,
  ].join(" ");
}

/** All addresses of both families are called otherwise by the two inetds. */
function protocolOf(service: Service, machine: Machine): string {
  if (!isV6(service)) return "tcp4";
  const host = hostOf(service);
  if (host !== null && host !== "::") return "tcp6";
  return machine.exists("/etc/init.d/inetutils-inetd") ? "tcp6" : "tcp";
}

function idProblems({ user, said }: Service): string[] {
  const ids = [["uid", user], ["gid", said.get("gid") ?? null]] as const;
  const numbers = ids.filter(([, id]) => id !== null && /^\d+$/.test(id))
    .map(([long, id]) => `--${long} ${id}: inetd wants its name`);
  // openbsd-inetd does not look at a group of root's.
  const lost = user === null && said.has("gid")
    ? ["--gid: inetd gives root no other group: say --uid as well"]
    : [];
  return [...numbers.filter((text) => !text.startsWith("--gid 0:")), ...lost];
}

function wordProblems({ path, words }: Executed): string[] {
  const torn = [path, ...words].filter((word) => !/^[^\s"'\\]+$/.test(word));
  const problems = torn.map((word) =>
    `${JSON.stringify(word)}: inetd has no way to write blanks, quotes and ` +
    "backslashes in a word: put it into a control file, or the command into " +
    "a script that is PROGRAM"
  );
  if (words.length > mostWords) {
    problems.push(
      `PROGRAM and its arguments are ${words.length} words, and inetd takes ` +
        `${mostWords}: write --option=value as one word, or take a script ` +
        "as PROGRAM",
    );
  }
  return problems;
}
