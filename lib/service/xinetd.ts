/**
 * A file of /etc/xinetd.d.
 *
 * @module
 */
import { marker, type Service, type Supervisor } from "./service.ts";
import {
  executedOf,
  hostOf,
  isV6,
  localName,
  lostOptions,
  portProblems,
  userOf,
} from "./session_program.ts";

const pidfile = "/run/xinetd.pid";

/** serve's own, where nobody says another one. */
const usualLimit = "40";

const accessInstead =
  "say who may connect in that file, as only_from and no_access, or in " +
  "/etc/hosts.allow";

const instead = {
  "rules": accessInstead,
  "allow-missing-rules": accessInstead,
  "rate": "it has only cps, for all clients together: leave it off",
};

const pathOf = ({ name }: Service) => `/etc/xinetd.d/${name}`;

/** xinetd. */
export const xinetd: Supervisor = {
  name: "xinetd",
  summary: "a file for /etc/xinetd.d, which runs PROGRAM for each connection",
  runs: (machine) => machine.exists(pidfile),
  problems: (service) => [
    ...lostOptions(service, "xinetd", ["limit", "per-ip", "no-delay"], instead),
    ...portProblems(service),
    ...clientProblems(service),
    ...nameProblems(service),
    ...wordProblems(service),
  ],
  parts: (service) => [{
    kind: "file",
    path: pathOf(service),
    mode: 0o644,
    text: text(service),
  }],
  settle: () => [
    ["/bin/sh", "-c", rereading, "kill -HUP of xinetd, where it runs"],
  ],
  starting: () => "service xinetd start",
};

/** HUP to the one that runs; where none does the next start reads the file. */
const rereading = `read -r pid <${pidfile} 2>/dev/null || exit 0
grep -qs xinetd "/proc/$pid/comm" || exit 0
kill -HUP "$pid"`;

function text(service: Service): string {
  const { path, words } = executedOf(service);
  const { user, group } = userOf(service);
  const { port } = service.listenings[0];
  const host = hostOf(service);
  const isNumber = /^\d+$/.test(port);
  const perClient = service.said.get("per-ip");
  const name = localName(service);
  const lines: [attribute: string, value: string | null][] = [
    ["id", service.name],
    ["type", isNumber ? "UNLISTED" : null],
    ["port", isNumber ? port : null],
    ["socket_type", "stream"],
    ["protocol", "tcp"],
    ["bind", host],
    ["flags", flagsOf(service)],
    ["wait", "no"],
    ["user", user],
    ["group", group],
    ["server", path],
    ["server_args", words.join(" ")],
    ["passenv", "PATH"],
    ["env", name === null ? null : `TCPLOCALHOST=${name}`],
    ["instances", service.said.get("limit") ?? usualLimit],
    ["per_source", perClient === "0" ? "UNLIMITED" : perClient ?? null],
    ["log_type", "SYSLOG daemon info"],
    ...logLines(service),
  ];
  const written = lines.filter(([, value]) => value !== null)
    .map(([attribute, value]) => `\t${attribute} = ${value}`);
  return `# ${marker}: ${service.description}.
# Who may connect is said by only_from and no_access (xinetd.conf(5)). Past
# instances and per_source a client is closed, where serve would let it wait.
service ${isNumber ? service.name : port}
{
${written.join("\n")}
}
`;
}

function flagsOf(service: Service): string {
  const family = isV6(service) ? "IPv6" : "IPv4";
  const delay = service.said.has("no-delay") ? ["NODELAY"] : [];
  return [family, "NAMEINARGS", ...delay].join(" ");
}

/** -q, -Q and -v of serve, as far as connections go. */
function logLines({ said }: Service): [string, string][] {
  if (said.has("quiet")) {
    return [["log_on_success", ""], ["log_on_failure", ""]];
  }
  const success = said.has("verbose") ? "PID HOST EXIT DURATION" : "";
  return [["log_on_success", success], ["log_on_failure", "HOST"]];
}

/** serve takes an IPv6 /64 for one client, which is what a client is given. */
function clientProblems(service: Service): string[] {
  const perClient = service.said.get("per-ip");
  if (perClient === undefined || perClient === "0" || !isV6(service)) return [];
  return [
    "--per-ip: xinetd takes each IPv6 address for a client, of which every " +
    "client has many: leave it off, or listen by IPv4 alone",
  ];
}

/** What includedir passes over, without a word. */
const nameProblems = ({ name }: Service): string[] =>
  name.includes(".")
    ? [`--name ${name}: xinetd reads no file with a dot in its name`]
    : [];

function wordProblems(service: Service): string[] {
  const { path, words } = executedOf(service);
  const name = localName(service);
  const all = [path, ...words, ...(name === null ? [] : [name])];
  return all.filter((word) => !/^\S+$/.test(word)).map((word) =>
    `${JSON.stringify(word)}: xinetd has no way to write blanks in a word: ` +
    "put it into a control file, or the command into a script that is PROGRAM"
  );
}
