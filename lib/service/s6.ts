/**
 * s6's service: /etc/sv/NAME, linked into the folder that s6-svscan watches.
 *
 * @module
 */
import {
  type Machine,
  type Part,
  quote,
  type Service,
  type Supervisor,
} from "./service.ts";
import {
  asItStands,
  endingWhenGone,
  folderOf,
  logProgram,
  program,
  runProgram,
  serveLine,
  setting,
  streams,
} from "./supervised.ts";
import { pidfileProblems } from "./sysv.ts";

/** Where s6-svscan may be: s6-linux-init's, Debian's custom, its manual's. */
const places = ["/run/service", "/etc/service", "/service"];

/** What s6-linux-init copies to the first of them at each boot. */
const bootPlace = "/etc/s6-linux-init/current/run-image/service";

/** Any above stderr. */
const readyDescriptor = 3;

const control = (place: string) => `${place}/.s6-svscan/control`;

function placesOn({ exists }: Machine): string[] {
  const watched = places.find((place) => exists(control(place))) ??
    places.find((place) => exists(place)) ?? "/etc/service";
  return exists(bootPlace) ? [bootPlace, watched] : [watched];
}

/** s6 (s6-svscan). */
export const s6: Supervisor = {
  name: "s6",
  summary: "s6's service in /etc/sv, with s6-log and readiness",
  runs: (machine) =>
    /^s6-svscan/.test(machine.read("/proc/1/comm") ?? "") ||
    places.some((place) => machine.exists(control(place))),
  problems: (service) => [
    ...descriptorProblems(service),
    // Without a file serve says by the descriptor that it is ready.
    ...(service.config === null
      ? []
      : pidfileProblems({ ...service, given: [] })),
  ],
  parts: (service, machine) => [
    ...running(service),
    setting(service, "notification-fd", String(readyDescriptor)),
    // What does not end in time is killed.
    setting(
      service,
      "timeout-kill",
      String(Math.ceil(service.stopSeconds * 1000)),
    ),
    // 100: it will stay wrong, and is not started again (125) before it is
    // told to. The log says what.
    program(service, "finish", ['[ "$1" != 100 ] || exit 125']),
    logProgram(service, {
      users: ["s6log", "log", "qmaill"],
      becoming: 's6-setuidgid "$user"',
      logging: 's6-log -b n10 s1000000 T "$folder"',
    }),
    ...placesOn(machine).map((place) => ({
      kind: "link" as const,
      path: `${place}/${service.name}`,
      to: folderOf(service),
    })),
  ],
  settle: (service) => {
    const folder = quote(folderOf(service));
    const rescanning = places.map((place) =>
      `[ ! -p ${control(place)} ] || s6-svscanctl -an ${place}`
    ).join("\n");
    return [
      ["/bin/sh", "-c", rescanning, "s6-svscanctl -an, where s6-svscan is"],
      endingWhenGone(
        service,
        `s6-svc -dx ${folder} ${folder}/log >/dev/null 2>&1`,
        `{ s6-svok ${folder} || s6-svok ${folder}/log; } 2>/dev/null`,
      ),
    ];
  },
  starting: (service) => `s6-svc -wU -u ${folderOf(service)}`,
  stopping: (service) => `s6-svc -wD -d ${folderOf(service)}`,
  restarting: (service) => `s6-svc -wR -r ${folderOf(service)}`,
  asking: (service) => [
    "/bin/sh",
    "-c",
    `[ "$(s6-svstat -o up ${quote(folderOf(service))})" = true ]`,
  ],
};

const descriptorProblems = ({ given, config }: Service): string[] =>
  given.includes("ready-fd")
    ? [
      "--ready-fd is the script's own: " +
      (config === null ? "leave it off" : `take it out of ${config}`),
    ]
    : [];

/** Beside a file nothing can be said to serve: its pidfile tells instead. */
function running(service: Service): Part[] {
  const { config, pidfile } = service;
  if (config === null || pidfile === null) {
    return [runProgram(service, ["--ready-fd", String(readyDescriptor)])];
  }
  return [
    program(service, "run", [
      ...streams,
      `rm -f ${quote(pidfile)}`, // of a life before this one
      asItStands,
      `exec s6-notifyoncheck -d -w 100 sh -c 'cd / && exec "$@"' sh \\`,
      `  ${serveLine(service, [])}`,
    ]),
    program(service, "data/check", [`[ -s ${quote(pidfile)} ]`]),
  ];
}
