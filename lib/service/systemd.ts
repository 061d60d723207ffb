/**
 * systemd's units: a service, and a socket that keeps its ports.
 *
 * @module
 */
import {
  type Machine,
  marker,
  type Part,
  type Service,
  type Supervisor,
} from "./service.ts";
import { foldersOf, pathList } from "./systemd_folders.ts";
import { drops, hardening, hasOwnTmp } from "./systemd_hardening.ts";
import { bindsPrivileged, socketUnit, whyNoSocket } from "./systemd_socket.ts";
import {
  commandWord,
  isPathWord,
  isProgramPath,
  plainText,
} from "./systemd_words.ts";

const unitFolder = "/etc/systemd/system";
/** Exit code of what will be wrong the next time too. */
const permanent = 100;
const restartSeconds = 1;
/** Soft: serve raises it as it needs; some programs close all up to it. */
const softDescriptors = 1024;
/** For a connection that delivers to many mailboxes. */
const mostPerConnection = 128;
/** The kernel's own limit for a limit, unless it was raised (fs.nr_open). */
const mostDescriptors = 1 << 20;

export const systemd: Supervisor = {
  name: "systemd",
  summary: "systemd's service and socket, hardened for this command line",
  runs: ({ exists }) =>
    exists("/run/systemd/system") ||
    // A folder that is to become a machine has no processes yet.
    !exists("/proc/1/comm") && exists("/usr/lib/systemd/systemd"),
  problems,
  parts,
  settle: () => [[
    ...["/bin/sh", "-c"],
    "[ ! -d /run/systemd/system ] || systemctl daemon-reload",
    "systemctl daemon-reload",
  ]],
  starting: ({ name }) => `systemctl start ${name}.service`,
  stopping,
  // A socket unit is not changed while its service runs.
  restarting: (service) =>
    whyNoSocket(service) === null
      ? `${stopping(service)} && systemctl start ${service.name}.service`
      : `systemctl restart ${service.name}.service`,
  asking: ({ name }) => [
    ...["systemctl", "--quiet", "is-active"],
    ...[`${name}.service`, `${name}.socket`],
  ],
};

/** Without its socket unit, which would start it again. */
function stopping(service: Service): string {
  const socket = whyNoSocket(service) === null ? `${service.name}.socket ` : "";
  return `systemctl stop ${socket}${service.name}.service`;
}

function problems({ name, executable, given }: Service): string[] {
  const suffix = /\.(?:service|socket)$/;
  return [
    ...suffix.test(name)
      ? [`--name ${name}: systemd adds that: say ${name.replace(suffix, "")}`]
      : [],
    ...!isProgramPath(executable)
      ? [
        `systemd starts no program of the path ${
          JSON.stringify(executable)
        }: ` +
        "move it to one of plain letters, and say --exec",
      ]
      : [],
    ...given.includes("ready-fd")
      ? [
        "--ready-fd is s6's; systemd hears without it that the gate is ready: " +
        "leave it out",
      ]
      : [],
  ];
}

function parts(service: Service, machine: Machine): Part[] {
  const { name, config } = service;
  const file = (suffix: string, text: string): Part => ({
    kind: "file",
    path: `${unitFolder}/${name}.${suffix}`,
    mode: 0o644,
    text,
  });
  const link = (suffix: string, target: string): Part => ({
    kind: "link",
    path: `${unitFolder}/${target}.wants/${name}.${suffix}`,
    to: `${unitFolder}/${name}.${suffix}`,
  });
  const hasSocket = whyNoSocket(service) === null;
  return [
    file("service", serviceUnit(service, machine)),
    ...hasSocket ? [file("socket", socketUnit(service))] : [],
    link("service", "multi-user.target"),
    // Ports of a file may be changed there, which a socket unit would not see.
    ...hasSocket && config === null ? [link("socket", "sockets.target")] : [],
  ];
}

function serviceUnit(service: Service, machine: Machine): string {
  const { name, description, config } = service;
  const needsSocket = whyNoSocket(service) === null && config === null;
  const canMake = !drops(service) || hasUser(service, machine);
  const folders = foldersOf(service, machine, canMake, hasOwnTmp(service));
  const paths = [
    ...[service.executable, config, ...folders.writable],
  ].filter((path) => path !== null && path !== "/" && isPathWord(path));
  return [
    `# ${marker}. What is changed in a drop-in stays:`,
    `# systemctl edit ${name}.service`,
    "[Unit]",
    `Description=${plainText(description)}`,
    "Wants=network-online.target",
    "After=network-online.target nss-lookup.target remote-fs.target",
    ...socketLines(service, needsSocket),
    ...pathList("RequiresMountsFor", paths as string[]),
    "# It is tried for as long as it takes.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=notify",
    ...commandLines(service, canMake),
    ...lifeLines(service),
    ...folders.lines,
    "",
    ...hardening(service, folders, bindsPrivileged(service) && !needsSocket),
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    ...needsSocket ? [`Also=${name}.socket`] : [],
    "",
  ].join("\n");
}

function socketLines(service: Service, needsSocket: boolean): string[] {
  const { name, config } = service;
  if (needsSocket) {
    return [
      "# It keeps the ports: a restart refuses nobody.",
      `Requires=${name}.socket`,
    ];
  }
  const why = whyNoSocket(service);
  if (why !== null) return [`# No socket unit: ${why}.`];
  return config === null
    ? []
    : [`# ${name}.socket may bind instead, see there.`];
}

function commandLines(service: Service, canMake: boolean): string[] {
  const { user, executable, serveArgs } = service;
  // A user that the machine's files do not know has no folders made either.
  const isNamed = user !== null && canMake;
  const start = `ExecStart=${isNamed ? "!" : ""}${
    commandWord(executable)
  } serve`;
  const words = serveArgs.map(commandWord).join(" ");
  return [
    ...isNamed
      ? [
        "# Whose folders it makes; `!`: it starts as root, which it gives up itself.",
        `User=${plainText(user)}`,
      ]
      : [],
    `Environment=PATH=${searchPath}`,
    `${start} \\\n  ${words}`,
    "# No ExecStartPre= with --check, which minds what can be served with too,",
    "# such as a policy server that is not there yet. What cannot be used at a",
    "# reload is told of in the journal; what was read before stays.",
    "ExecReload=+/bin/kill -HUP $MAINPID",
  ];
}

const searchPath =
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function lifeLines(service: Service): string[] {
  const { stopSeconds, builtIn, given, programs } = service;
  const { uses, logTag, logFacility } = service;
  // Sessions inside the process end with it, and so does what they run.
  const endsAlone = builtIn && !given.includes("isolate");
  const wanted = softDescriptors + uses.connections * mostPerConnection;
  return [
    "Restart=on-failure",
    `RestartSec=${restartSeconds}`,
    "# A wrong option, or file: it will be wrong the next time too.",
    `RestartPreventExitStatus=${permanent}`,
    `TimeoutStopSec=${stopSeconds}`,
    ...endsAlone ? ["KillMode=mixed"] : [
      "# Programs of connections end when their clients do.",
      "KillMode=process",
    ],
    "# Nor does one that the kernel ends for its memory end the others.",
    "OOMPolicy=continue",
    ...programs.length > 0 ? ["# -c is the limit.", "TasksMax=infinity"] : [],
    "# As a shell starts programs, not as systemd does.",
    "IgnoreSIGPIPE=no",
    `LimitNOFILE=${softDescriptors}:${Math.min(wanted, mostDescriptors)}`,
    `SyslogIdentifier=${plainText(logTag)}`,
    `SyslogFacility=${facilityNames[logFacility] ?? logFacility}`,
  ];
}

/** systemd.exec(5); numbers in between have none. */
const facilityNames = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news"],
  ...["uucp", "cron", "authpriv", "ftp", null, null, null, null],
  ...["local0", "local1", "local2", "local3"],
  ...["local4", "local5", "local6", "local7"],
];

/** Whether systemd can find whom serve becomes; to a gid alone root it stays. */
function hasUser({ user }: Service, machine: Machine): boolean {
  if (user === null) return true;
  if (!/^\d+$/.test(user)) return /^[\w][\w.-]*$/.test(user);
  return (machine.read("/etc/passwd") ?? "").split("\n")
    .some((line) => line.split(":")[2] === user);
}
