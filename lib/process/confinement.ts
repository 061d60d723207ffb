/**
 * `--confine`: how tight a gate can be bound, by what its options name.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { parentOf } from "../base/path.ts";
import type { NeededFolder, NeededProgram, Reach } from "../base/reach.ts";
import { filesOfOthers, processOfNobody } from "../sys/capabilities.ts";
import type { Bonds } from "../sys/confine.ts";
import { startedFrom } from "../sys/ourselves.ts";
import type { Permit } from "../sys/landlock.ts";
import type { ProcessOptions } from "./options.ts";

/** Set-user-id and set-group-id of a file's mode. */
const setIdBits = 0o6000;
const othersMayRead = 0o004;
const othersMayWrite = 0o002;

export interface Confinement extends Bonds {
  /** Folders to be made now, as nothing can be permitted in what is not there. */
  readonly folders: readonly string[];
}

/**
 * @param reach what its blocks need
 * @returns null if the gate is not to be confined
 * @throws Fatal where it is to be, and an option stands against it
 */
export function confinementOf(
  options: ProcessOptions,
  reach: Reach,
): Confinement | null {
  const { confine } = options;
  if (reach.programs.length > 0) {
    if (confine === null) return null;
    reach.programs.forEach(refuseSetId);
    return { permits: null, keepsAbstract: true, kept: 0n, folders: [] };
  }
  const staysRoot = Deno.uid() === 0 && options.uid === 0;
  const pems = reach.certificates.flatMap(({ cert, key }) => [cert, key]);
  const reads = [...reach.reads, ...reach.secrets, ...pems].flatMap(placesOf);
  const writes = reach.writes.map(placeToWrite);
  const permits: Permit[] = [
    ...runtimePermits(staysRoot),
    ...reads.map((path) => ({ path, use: "read" as const })),
    ...writes.map((path) => ({ path, use: "write" as const })),
  ];
  if (options.pidfile !== null) {
    permits.push({ path: parentOf(options.pidfile), use: "remove" });
  }
  if (options.mailLog.type === "file") {
    // Another one is made when it has been moved away.
    permits.push({ path: parentOf(options.mailLog.path), use: "append" });
  }
  if (options.metrics?.type === "unix") {
    permits.push({ path: parentOf(options.metrics.path), use: "socket" });
  }
  const home = parentOf(startedFrom);
  if (reach.hasHelper && home !== "/") {
    // Helpers come and go, and an upgrade puts another file in its place.
    permits.push({ path: home, use: "execute" });
  }
  const isOthers =
    [...reach.reads, ...pems].some((path) => isOfOthers(path, othersMayRead)) ||
    reach.writes.some(({ path, isOthers }) =>
      isOthers || isOfOthers(path, othersMayWrite)
    );
  return {
    permits,
    keepsAbstract: Deno.env.get("NOTIFY_SOCKET")?.startsWith("@") ?? false,
    kept: staysRoot
      ? (isOthers ? filesOfOthers : 0n) |
        (reach.hasHelper ? processOfNobody : 0n)
      : 0n,
    folders: reach.writes
      .filter(({ path, isMade }) => isMade && writes.includes(path))
      .map(({ path }) => path),
  };
}

/** @throws Fatal */
function refuseSetId({ named, path }: NeededProgram): void {
  let mode: number | null;
  try {
    mode = Deno.statSync(path).mode;
  } catch {
    return; // whoever runs it says what is wrong
  }
  if (((mode ?? 0) & setIdBits) === 0) return;
  throw new Fatal(
    100,
    `--confine does not go with ${named} ${path}: it is set-uid, ` +
      "and would get nothing by that; --no-confine runs it",
  );
}

/**
 * The folder that a file is in, since it is replaced by another one of its
 * name, and the folder of what it is a link to; a folder itself.
 */
function placesOf(path: string): string[] {
  const real = realPath(path);
  if (real !== null && Deno.statSync(real).isDirectory) {
    return [real, ...besideLink(path)];
  }
  return [path, ...real === null ? [] : [real]].flatMap((each) => {
    const folder = parentOf(each);
    if (folder === "/") return [each]; // not the whole machine
    return [each, folder, ...besideLink(folder)];
  });
}

/**
 * What a folder that is a link (`current` to `releases/7`) will lead to when
 * it is replaced: most likely a folder beside the one of now.
 */
function besideLink(folder: string): string[] {
  try {
    if (!Deno.lstatSync(folder).isSymlink) return [];
  } catch {
    return []; // it is not there
  }
  const real = realPath(folder);
  return real === null || parentOf(real) === "/" ? [] : [parentOf(real)];
}

/**
 * The folder itself, or the one that it is made in, unless that is the whole
 * machine.
 */
function placeToWrite({ path, isMade, isMadeAnew }: NeededFolder): string {
  let at = isMadeAnew ? parentOf(path) : path;
  while (isMade && realPath(at) === null && parentOf(at) !== at) {
    at = parentOf(at);
  }
  return realPath(at) === "/" ? path : at;
}

/** Whether root without capabilities could not use it. */
function isOfOthers(path: string, bit: number): boolean {
  try {
    const { uid, mode } = Deno.statSync(path);
    return uid !== 0 && (mode! & bit) === 0;
  } catch {
    return false; // it is not there, and will be ours
  }
}

/**
 * What the runtime opens when it starts, and libc and we while we serve. Of
 * /etc everything, as it is replaced by name; root, to whom all of it is open,
 * gets the files themselves.
 */
function runtimePermits(isRoot: boolean): Permit[] {
  const reads = [
    "/proc", // a process of our own that we start has a folder of its own there
    ...["/sys/fs/cgroup", "/sys/devices/system/cpu", "/sys/kernel/mm"],
    ...["/dev/urandom", "/dev/random", "/usr/share/zoneinfo"],
    ...["/usr/share/ca-certificates", "/etc/ssl/certs", "/etc/pki"],
    ...isRoot
      ? [
        ...["hosts", "services", "nsswitch.conf", "host.conf", "gai.conf"],
        ...["localtime", "passwd", "group", "resolv.conf", "ld.so.cache"],
      ].map((name) => `/etc/${name}`)
      : ["/etc"],
  ];
  const resolver = realPath("/etc/resolv.conf");
  if (resolver !== null && parentOf(resolver) !== "/etc") {
    reads.push(parentOf(resolver)); // such as /run/systemd/resolve
  }
  return [
    ...reads.map((path) => ({ path, use: "read" as const })),
    { path: "/dev/null", use: "device" },
    { path: startedFrom, use: "execute" },
    ...libraryFolders().map((path) => ({ path, use: "execute" as const })),
  ];
}

/** The file behind all links; null if there is none. */
function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch {
    return null; // whoever reads it says what is wrong
  }
}

/** Where what we are linked with is, the loader among it. */
function libraryFolders(): string[] {
  const folders = new Set<string>();
  for (const line of Deno.readTextFileSync("/proc/self/maps").split("\n")) {
    const path = /\s(\/.*\.so[.0-9]*)$/.exec(line)?.[1];
    if (path !== undefined) folders.add(parentOf(path));
  }
  return [...folders];
}
