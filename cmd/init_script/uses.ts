/**
 * What a service uses of the machine, as far as that can be seen now.
 *
 * @module
 */
import { parentOf } from "../../lib/base/path.ts";
import type { Reach } from "../../lib/base/reach.ts";
import type { ServeOptions } from "../../lib/process/options.ts";
import type { Service, Uses } from "../../lib/service/service.ts";
import { couldRead } from "../../lib/sys/ids.ts";

const othersMayRead = 0o004, othersMayWrite = 0o002, othersMayPass = 0o001;

/** The paths in a word, such as that of `maildir:/var/mail` or `a=/b,/c`. */
const pathsIn = (word: string): string[] =>
  word.match(/(?<![\w.\/-])\/[^\s,:;'"]*/g) ?? [];

/**
 * @param words all that was said of each block
 * @param service what is known of it already
 */
export function usesOf(
  all: readonly ServeOptions[],
  words: readonly string[],
  reach: Reach,
  service: Pick<Service, "executable" | "config" | "programs" | "writes">,
): Uses {
  const [options] = all;
  const { executable, config, programs, writes } = service;
  const pems = reach.certificates.flatMap(({ cert, key }) => [cert, key]);
  const files = [...pems, ...reach.secrets, config, options.metricsToken]
    .filter((path) => path !== null);
  const madeAsRoot = foldersOfRoot(options);
  const drops = options.uid !== 0 || options.gid !== 0;
  const places = [
    ...[executable, ...programs, ...reach.reads, ...files, ...writes],
    ...words.flatMap(pathsIn),
  ];
  return {
    places: [...new Set(places.flatMap(withReal))],
    connections: all.reduce((sum, { limit }) => sum + limit, 0),
    workers: options.workers,
    confine: options.confine,
    hasHelper: reach.hasHelper,
    madeAsRoot,
    ofOthers: drops
      // What is opened before the ids are given up.
      ? files.some((path) => isOfOthers(path, othersMayRead)) ||
        madeAsRoot.some((path) => isOfOthers(path, othersMayWrite))
      : [...reach.reads, ...files].some((path) =>
        isOfOthers(path, othersMayRead)
      ) || reach.writes.some((each) => each.isOthers) ||
        writes.some((path) => isOfOthers(path, othersMayWrite)),
    rootsKeys: drops && pems.some((path) => isRoots(path, options)),
  };
}

/** In which files are made before the ids are given up. */
const foldersOfRoot = ({ pidfile, mailLog }: ServeOptions): string[] =>
  [pidfile, mailLog.type === "file" ? mailLog.path : null]
    .filter((path) => path !== null).map(parentOf);

/** Whether root without capabilities could not use it. */
function isOfOthers(path: string, bit: number): boolean {
  try {
    const { uid, mode } = Deno.statSync(path);
    if (uid !== 0 && (mode! & bit) === 0) return true;
  } catch (error) {
    // What is not there will be ours.
    if (!(error instanceof Deno.errors.NotFound)) return true;
  }
  return path !== "/" && isOfOthers(parentOf(path), othersMayPass);
}

/** Whether those who serve could not read it; what is missing may be so. */
function isRoots(path: string, { gid, uid }: ServeOptions): boolean {
  try {
    Deno.statSync(path);
  } catch {
    return true;
  }
  return Deno.uid() !== 0 || !couldRead(path, gid, uid);
}

function withReal(path: string): string[] {
  try {
    const real = Deno.realPathSync(path);
    return real === path ? [path] : [path, real];
  } catch {
    return [path]; // it is not there yet
  }
}
