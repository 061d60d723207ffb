/**
 * The service of daemontools: /etc/sv/NAME, linked into /etc/service or
 * /service.
 *
 * @module
 */
import { quote, type Supervisor } from "./service.ts";
import {
  endingWhenGone,
  firstThere,
  folderOf,
  logProgram,
  runProgram,
} from "./supervised.ts";

/** Debian's, and that of who installed it as its author says. */
const places = ["/etc/service", "/service"];

/** daemontools (svscan). */
export const daemontools: Supervisor = {
  name: "daemontools",
  summary: "a service of daemontools in /etc/sv, with multilog",
  runs: (machine) =>
    /^svscan/.test(machine.read("/proc/1/comm") ?? "") ||
    ["/usr/bin/svscan", "/command/svscan"].some(machine.exists) &&
      places.some(machine.exists),
  problems: ({ given }) =>
    given.includes("ready-fd")
      ? ["--ready-fd is for s6: here nobody reads that descriptor"]
      : [],
  parts: (service, { exists }) => [
    runProgram(service, []),
    logProgram(service, {
      users: ["multilog", "qmaill"],
      becoming: 'setuidgid "$user"',
      logging: 'multilog t s1000000 n10 "$folder"',
    }),
    {
      kind: "link",
      path: `${firstThere(places, (path) => exists(path))}/${service.name}`,
      to: folderOf(service),
    },
  ],
  settle: (service) => {
    const folder = quote(folderOf(service));
    return [
      endingWhenGone(
        service,
        `svc -dx ${folder} ${folder}/log >/dev/null 2>&1`,
        `{ svok ${folder} || svok ${folder}/log; } 2>/dev/null`,
      ),
    ];
  },
  starting: (service) =>
    `svc -u ${
      folderOf(service)
    }, if svscan has not, which looks every 5 seconds`,
  stopping: (service) => `svc -d ${folderOf(service)}`,
  restarting: (service) => `svc -t ${folderOf(service)}`,
  asking: (service) => [
    "/bin/sh",
    "-c",
    `svstat ${quote(folderOf(service))} | grep -q ': up '`,
  ],
};
