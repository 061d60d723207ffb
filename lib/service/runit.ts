/**
 * runit's service: /etc/sv/NAME, linked into /etc/service.
 *
 * @module
 */
import { quote, type Service, type Supervisor } from "./service.ts";
import {
  endingWhenGone,
  firstThere,
  folderOf,
  logProgram,
  program,
  runProgram,
} from "./supervised.ts";
import { pidfileProblems } from "./sysv.ts";

/** Debian's, Void's, and that of runit's own manual. */
const places = ["/etc/service", "/var/service", "/service"];

const pidfileOf = ({ pidfile, runFolder, name }: Service) =>
  pidfile ?? `${runFolder}/${name}.pid`;

/** runit (runsvdir). */
export const runit: Supervisor = {
  name: "runit",
  summary: "runit's service in /etc/sv, with svlogd and a check",
  runs: (machine) =>
    /^runit/.test(machine.read("/proc/1/comm") ?? "") ||
    (machine.exists("/etc/runit") && machine.exists("/usr/bin/runsvdir") &&
      machine.exists("/etc/service")),
  problems: pidfileProblems,
  parts: (service, { exists }) => {
    const pidfile = pidfileOf(service);
    const isOurs = service.pidfile === null && service.config === null;
    return [
      runProgram(service, isOurs ? ["--pidfile", pidfile] : []),
      // The file of a life before this one has another number.
      program(service, "check", [
        `read -r ready 2>/dev/null <${quote(pidfile)} &&`,
        "  read -r pid 2>/dev/null <supervise/pid &&",
        '  [ "$ready" = "$pid" ]',
      ]),
      // 100: it will stay wrong. The log says what, and `sv up` tries again.
      program(service, "finish", [
        '[ "$1" != 100 ] || exec sv down "$PWD"',
      ]),
      logProgram(service, {
        users: ["_runit-log", "qmaill"],
        becoming: 'chpst -u "$user"',
        logging: 'svlogd -tt "$folder"',
      }),
      {
        kind: "link",
        path: `${firstThere(places, (path) => exists(path))}/${service.name}`,
        to: folderOf(service),
      },
    ];
  },
  settle: (service) => [
    endingWhenGone(
      service,
      `sv exit ${quote(folderOf(service))} >/dev/null 2>&1`,
      `sv status ${quote(folderOf(service))} >/dev/null 2>&1`,
    ),
  ],
  starting: ({ name }) =>
    `sv start ${name}, if runsvdir has not, which looks every 5 seconds`,
  stopping: ({ name }) => `sv stop ${name}`,
  restarting: ({ name }) => `sv restart ${name}`,
  asking: (service) => [
    "/bin/sh",
    "-c",
    `sv status ${quote(folderOf(service))} 2>&1 | grep -q ^run:`,
  ],
};
