/**
 * SysV's init, and what has come of it: a script in /etc/init.d, and links to
 * it for each runlevel.
 *
 * @module
 */
import type { Machine, Part, Service, Supervisor } from "./service.ts";
import { sysvScript } from "./sysv_script.ts";

export const sysv: Supervisor = {
  name: "sysv",
  summary: "an init script with LSB's header, for /etc/init.d",
  runs: (machine) =>
    machine.exists("/etc/inittab") || machine.exists("/etc/rc2.d") ||
    machine.exists("/etc/rc.d/rc2.d"),
  problems: pidfileProblems,
  parts: (service, machine) => {
    const { script, runlevels } = placesOf(machine);
    return [
      {
        kind: "file",
        path: `${script}/${service.name}`,
        mode: 0o755,
        text: sysvScript(service),
      },
      ...linksIn(runlevels, service.name),
    ];
  },
  settle: () => [],
  starting: ({ name }) => `/etc/init.d/${name} start`,
  stopping: ({ name }) => `/etc/init.d/${name} stop`,
  restarting: ({ name }) => `/etc/init.d/${name} restart`,
  asking: ({ name }) => [`/etc/init.d/${name}`, "status"],
};

/** Red Hat's are below /etc/rc.d, where /etc/init.d is a link to. */
const placesOf = (machine: Machine) =>
  machine.exists("/etc/rc.d/rc2.d") && !machine.exists("/etc/rc2.d")
    ? { script: "/etc/rc.d/init.d", runlevels: "/etc/rc.d" }
    : { script: "/etc/init.d", runlevels: "/etc" };

/** It is the last to be started, and the first to be stopped. */
const links = { S99: [2, 3, 5], K01: [0, 1, 6] };

const linksIn = (runlevels: string, name: string): Part[] =>
  Object.entries(links).flatMap(([prefix, levels]) =>
    levels.map((level) => ({
      kind: "link" as const,
      path: `${runlevels}/rc${level}.d/${prefix}${name}`,
      to: `../init.d/${name}`,
    }))
  );

/** A script that waits for the pid file has to know where it is. */
export function pidfileProblems(
  { config, pidfile, given, runFolder, name }: Service,
): string[] {
  const ofDescriptor = given.includes("ready-fd")
    ? ["--ready-fd is for s6: here nobody reads that descriptor"]
    : [];
  if (config === null) {
    return given.includes("pidfile")
      ? [
        "--pidfile is the script's own; choose its folder by --run-dir",
        ...ofDescriptor,
      ]
      : ofDescriptor;
  }
  if (pidfile !== null) return ofDescriptor;
  return [
    `${config}: no pidfile, by which the script knows that the gate is ` +
    `there: write pidfile = "${runFolder}/${name}.pid" on top`,
    ...ofDescriptor,
  ];
}
