/**
 * What a unit shuts its service off from: as much as its command line leaves.
 *
 * @module
 */
import type { Service } from "./service.ts";
import { type Folders, pathList } from "./systemd_folders.ts";

/**
 * How much may be taken: from a service that runs nothing but itself; from one
 * whose programs were given up to `--confine`; from one whose programs may be
 * anything, set-uid ones such as qmail-queue among them, or that is to be left
 * alone (`--no-confine`).
 */
export type Freedom = "none" | "noPrivileges" | "programs";

function freedomOf({ programs, uses: { confine } }: Service): Freedom {
  if (confine === false) return "programs";
  if (programs.length === 0) return "none";
  return confine === true ? "noPrivileges" : "programs";
}

/** Whether it gives up its ids itself. */
export const drops = ({ user, said }: Service): boolean =>
  user !== null || !["0", undefined].includes(said.get("gid"));

/** Whether a path that was named is in a folder, or one of several. */
export const names = ({ uses }: Service, folders: RegExp): boolean =>
  uses.places.some((path) => folders.test(path));

/** Folders of /tmp are the service's own unless it names one there. */
export const hasOwnTmp = (service: Service): boolean =>
  freedomOf(service) === "none" &&
  !names(service, /^\/(?:var\/)?tmp\/./);

const homes = /^\/(?:home|root|run\/user)(?:\/|$)/;

/**
 * @param binds whether it binds ports that are the system's
 * @returns lines of a [Service] section
 */
export function hardening(
  service: Service,
  folders: Folders,
  binds: boolean,
): string[] {
  const freedom = freedomOf(service);
  const everywhere = [
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "PrivateDevices=yes",
    "RestrictRealtime=yes",
  ];
  if (freedom === "programs") {
    return [
      "# What it runs may be set-uid, and write where it likes, so that new",
      "# privileges, capabilities and files are left to it; /usr, /boot and /etc",
      "# are not.",
      "ProtectSystem=full",
      ...pathList("ReadWritePaths", [
        ...folders.writable.filter((path) => path !== "/"),
        ...homesOfPrograms(service),
      ]),
      ...everywhere,
    ];
  }
  const privileges = [
    "NoNewPrivileges=yes",
    `CapabilityBoundingSet=${capabilities(service, folders, binds).join(" ")}`,
    ...everywhere,
    "LockPersonality=yes",
    "RestrictSUIDSGID=yes",
  ];
  if (freedom === "noPrivileges") {
    return [
      "# What it runs may write where it likes, but in /usr, /boot and /etc.",
      "ProtectSystem=full",
      ...pathList("ReadWritePaths", [
        ...folders.writable.filter((path) => path !== "/"),
        ...homesOfPrograms(service),
      ]),
      ...privileges,
    ];
  }
  return [
    ...folders.areAnywhere
      ? [
        "# Mailboxes may be anywhere: no more than /usr, /boot and /etc is shut.",
        "ProtectSystem=full",
      ]
      : [
        "ProtectSystem=strict",
        ...pathList("ReadWritePaths", folders.writable),
      ],
    ...names(service, homes) || folders.areAnywhere
      ? ["# Something of it is in a home."]
      : ["ProtectHome=yes"],
    ...hasOwnTmp(service)
      ? ["PrivateTmp=yes"]
      : ["# Something of it is in /tmp."],
    ...privileges,
    "PrivateIPC=yes",
    "PrivateMounts=yes",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    "RestrictNamespaces=yes",
    "# Netlink tells which addresses are this machine's.",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "# MemoryDenyWriteExecute= would end it: the runtime compiles as it runs.",
    ...calls(service),
  ];
}

/**
 * Programs that lie with their own data below /usr or /etc, such as
 * /usr/local/qmail/bin/qmail-queue: the folder above bin.
 */
function homesOfPrograms({ programs }: Service): string[] {
  const home = /^(\/(?:usr|etc)\/.+)\/s?bin\/[^/]+$/;
  return [
    ...new Set(
      programs.map((path) => home.exec(path)?.[1])
        .filter((path) => path !== undefined && path !== "/usr/local"),
    ),
  ] as string[];
}

const bothIds = ["CAP_SETGID", "CAP_SETUID"];

/** Whether the process that starts others keeps root (lib/process/before.ts). */
const supervises = ({ uses }: Service): boolean =>
  uses.workers > 1 || uses.rootsKeys;

function capabilities(
  service: Service,
  folders: Folders,
  binds: boolean,
): string[] {
  const { uses } = service;
  const all = new Set(binds ? ["CAP_NET_BIND_SERVICE"] : []);
  const add = (...more: string[]) => more.forEach((each) => all.add(each));
  if (drops(service)) {
    add(...bothIds);
    if (supervises(service)) add("CAP_KILL"); // its workers are another user's
    // Made before the drop, in folders that are the user's.
    const makes = uses.madeAsRoot.some((each) => folders.made.includes(each));
    if (uses.ofOthers || makes) add("CAP_DAC_OVERRIDE");
  } else {
    if (uses.ofOthers) {
      add("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER");
      add(...bothIds);
    }
    if (uses.hasHelper) add("CAP_KILL", ...bothIds);
  }
  return [...all].sort();
}

/**
 * System calls. What is refused comes back as an error, so that a runtime that
 * tries a new one goes on; `--confine` refuses more by itself.
 */
function calls(service: Service): string[] {
  const { uses } = service;
  const becomesAnother = drops(service) || uses.ofOthers || uses.hasHelper;
  const back = [
    "capset",
    ...uses.hasHelper ? ["setpriority"] : [],
    ...becomesAnother ? ["@setuid", "setfsgid", "setfsuid", "setgroups"] : [],
    ...uses.ofOthers ? ["@chown"] : [],
  ];
  return [
    "SystemCallArchitectures=native",
    "SystemCallErrorNumber=EPERM",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    `SystemCallFilter=${back.join(" ")}`,
    "# --confine takes more, by these.",
    "SystemCallFilter=landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp",
  ];
}
