/**
 * What the services of runit, daemontools and s6 have in common: a folder with
 * a `run` that executes serve, and one beside it for who reads the log.
 *
 * @module
 */
import { marker, type Part, quote, type Service } from "./service.ts";

/** Debian's place for services, and that of others that have runit. */
export const folderOf = ({ name }: Service) => `/etc/sv/${name}`;

const logFolderOf = ({ name }: Service) => `/var/log/${name}`;

/** Theirs, and those of the places where they are if nobody packaged them. */
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:" +
  "/sbin:/bin:/command";

/** The lines of a script that runs a service, after which the last executes. */
function script(service: Service, lines: readonly string[]): string {
  return `#!/bin/sh
# ${marker}: ${service.description}.
PATH=${searchPath}
export PATH
${lines.join("\n")}
`;
}

/** A file of the service's folder that is executed. */
export const program = (
  service: Service,
  name: string,
  lines: readonly string[],
): Part => ({
  kind: "file",
  path: `${folderOf(service)}/${name}`,
  mode: 0o755,
  text: script(service, lines),
});

/** A file of the service's folder that is read. */
export const setting = (
  service: Service,
  name: string,
  text: string,
): Part => ({
  kind: "file",
  path: `${folderOf(service)}/${name}`,
  mode: 0o644,
  text: `${text}\n`,
});

/**
 * `run`. No limits are set: serve raises that of descriptors by itself, and
 * one on memory, as qmail-smtpd had it, would kill it.
 *
 * @param options of serve beyond those that were given
 */
export const runProgram = (
  service: Service,
  options: readonly string[],
): Part =>
  program(service, "run", [
    ...streams,
    "cd / || exit 111",
    asItStands,
    `exec ${serveLine(service, options)}`,
  ]);

/** Of a service: the log is a pipe, and nobody types. */
export const streams = ["exec 2>&1 </dev/null"];

/** For who reads a script, and for shellcheck. */
export const asItStands =
  "# What is quoted is meant as it stands.\n# shellcheck disable=SC2016";

/** serve and its arguments, for sh. */
export const serveLine = (
  { executable, serveArgs }: Service,
  options: readonly string[],
): string =>
  [executable, "serve", ...options, ...serveArgs].map(quote).join(" ");

/** Who reads a log, and as whom, where the custom is not root. */
export interface Logger {
  /** The first that the machine has; nobody is the last resort. */
  readonly users: readonly string[];
  /** A command that becomes $user and executes what follows. */
  readonly becoming: string;
  /** A command that logs into $folder. */
  readonly logging: string;
}

/** `log/run`. */
export const logProgram = (service: Service, logger: Logger): Part =>
  program(service, "log/run", [
    "exec 2>&1",
    `folder=${quote(logFolderOf(service))}`,
    '[ -d "$folder" ] || { mkdir -p "$folder" && chmod 750 "$folder"; } || exit 111',
    '[ "$(id -u)" = 0 ] || exec ' + logger.logging,
    `for user in ${[...logger.users, "nobody"].join(" ")}; do`,
    '  id "$user" >/dev/null 2>&1 && break',
    "done",
    'chown "$user" "$folder" || exit 111',
    `exec ${logger.becoming} ${logger.logging}`,
  ]);

/**
 * For those who leave a service alone that was taken out of the folder that
 * they watch: ends it, when its files are gone, and waits for that.
 *
 * @param ending commands for sh that end it
 * @param isThere a command for sh that tells whether somebody still watches it
 */
export const endingWhenGone = (
  service: Service,
  ending: string,
  isThere: string,
): readonly string[] => {
  const run = quote(`${folderOf(service)}/run`);
  const seconds = Math.ceil(service.stopSeconds) + 5;
  return [
    "/bin/sh",
    "-c",
    `PATH=${searchPath}
[ ! -e ${run} ] || exit 0
${ending}
tenths=${seconds * 10}
while [ "$tenths" -gt 0 ] && ${isThere}; do
  tenths=$((tenths - 1))
  sleep 0.1
done
exit 0`,
    "what ends its supervisor, if it was taken away",
  ];
};

/** The place where they look for services: the first that is there. */
export const firstThere = (
  places: readonly string[],
  exists: (path: string) => boolean,
): string => places.find((place) => exists(place)) ?? places[0];
