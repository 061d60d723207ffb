/**
 * The folders that a unit lets its service write to, and those that systemd
 * makes for it.
 *
 * @module
 */
import { parentOf } from "../base/path.ts";
import type { Machine, Service } from "./service.ts";
import { isPathWord, pathWord } from "./systemd_words.ts";

/** Where systemd makes folders, and by which setting (systemd.exec(5)). */
const kinds = [
  { setting: "Runtime", above: "/run/", mode: null },
  { setting: "State", above: "/var/lib/", mode: "0700" },
  { setting: "Cache", above: "/var/cache/", mode: "0700" },
  { setting: "Logs", above: "/var/log/", mode: "0750" },
] as const;

/** Of systemd's own folders those that go with a service. */
const runtime = kinds[0];

export interface Folders {
  /** Lines of the unit. */
  readonly lines: readonly string[];
  /** Those that may be written to, but for what systemd makes. */
  readonly writable: readonly string[];
  /** Those that systemd makes, and gives to the service's user. */
  readonly made: readonly string[];
  /** Whether that cannot be told: a mailbox may be anywhere on the machine. */
  readonly areAnywhere: boolean;
}

/**
 * Folders that are there are left as they are. systemd makes what is not,
 * gives it to the user, and sees to that at each start.
 *
 * @param canMake whether systemd knows the user
 * @param hasOwnTmp whether /tmp and /var/tmp are the service's own
 */
export function foldersOf(
  service: Service,
  machine: Machine,
  canMake: boolean,
  hasOwnTmp: boolean,
): Folders {
  const settings = new Map<string, Set<string>>();
  const made: string[] = [];
  const writable = new Set<string>();
  for (const each of service.writes) {
    const path = each.replace(/^\/var\/run(?=\/|$)/, "/run");
    if (hasOwnTmp && /^\/(?:var\/)?tmp(?:\/|$)/.test(path)) continue;
    const folder = canMake ? folderToMake(path, service, machine) : null;
    if (folder === null) writable.add(existing(path, machine));
    else {
      const { setting } = folder;
      settings.set(
        setting,
        (settings.get(setting) ?? new Set()).add(folder.name),
      );
      made.push(each);
    }
  }
  const lines = kinds.flatMap(({ setting, mode }) => {
    const names = settings.get(setting);
    if (names === undefined) return [];
    return [
      `${setting}Directory=${[...names].join(" ")}`,
      ...mode === null ? [] : [`${setting}DirectoryMode=${mode}`],
    ];
  });
  return {
    lines,
    writable: [...writable],
    made,
    areAnywhere: writable.has("/") || ![...writable].every(isPathWord),
  };
}

function folderToMake(
  path: string,
  service: Service,
  { exists }: Machine,
): { setting: string; name: string } | null {
  for (const kind of kinds) {
    const { setting, above } = kind;
    const name = path.startsWith(above) ? path.slice(above.length) : "";
    if (!/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/.test(name)) continue;
    // What is in /run is gone after a boot, and so is what was made by hand.
    const isOurs = kind === runtime &&
      [service.name, "postern"].includes(name.split("/")[0]);
    // Never the folder above, of which more may be others'.
    return exists(path) && !isOurs ? null : { setting, name };
  }
  return null;
}

/** The folder, or the one in which it is going to be made. */
function existing(path: string, machine: Machine): string {
  let at = path;
  while (at !== "/" && !machine.exists(at)) at = parentOf(at);
  return at;
}

/** A setting with a list of paths; none for an empty list. */
export const pathList = (setting: string, paths: readonly string[]): string[] =>
  paths.length === 0 ? [] : [`${setting}=${paths.map(pathWord).join(" ")}`];
