/**
 * Folders on the disk: a file, or a folder, is not stored before the folder
 * that names it is (fsync(2)).
 *
 * @module
 */
import { closeDescriptor } from "../sys/descriptors.ts";
import { sync } from "../sys/aio_fsync.ts";
import { parentOf } from "../base/path.ts";
import { openRoot } from "../sys/folders.ts";
import { codeOf } from "../base/reason.ts";

/** Those who wait for the next sync of a folder, while one is going on. */
interface Syncs {
  next: Promise<void> | undefined;
  /** Its descriptor, where somebody has brought one. */
  folder: number | undefined;
  running: Promise<void>;
}

const folders = new Map<string, Syncs>();

/**
 * Resolves when what a folder names now is on the disk. Many callers share a
 * sync: each takes part in one that starts after its call.
 *
 * @param folder a descriptor of it, which is closed here; without one it is
 *   opened anew each time, since its path may lead elsewhere
 */
export function syncFolder(path: string, folder?: number): Promise<void> {
  const known = folders.get(path);
  if (!known) {
    const running = syncOnce(path, folder);
    folders.set(path, { running, next: undefined, folder: undefined });
    return running;
  }
  if (folder !== undefined) {
    // Who comes last has seen last where the path leads.
    if (known.folder !== undefined) closeDescriptor(known.folder);
    known.folder = folder;
  }
  return known.next ??= known.running.catch(() => {}).then(() => {
    known.running = syncOnce(path, known.folder);
    known.next = undefined;
    known.folder = undefined;
    return known.running;
  });
}

async function syncOnce(path: string, opened?: number): Promise<void> {
  try {
    const folder = opened ?? openRoot(path, "sync");
    try {
      await sync(folder);
    } finally {
      closeDescriptor(folder);
    }
  } finally {
    if (folders.get(path)?.next === undefined) folders.delete(path);
  }
}

/**
 * Makes a folder, and those above it that are missing, for us alone (mode
 * 0700). They are on the disk after {@linkcode syncAbove} only.
 *
 * @returns those that were made here; others may be making the rest just now
 */
export async function makeFolder(path: string): Promise<string[]> {
  try {
    return await makeOne(path);
  } catch (error) {
    const parent = parentOf(path);
    if (codeOf(error) !== "ENOENT" || parent === path) throw error;
    return [...await makeFolder(parent), ...await makeOne(path)];
  }
}

async function makeOne(path: string): Promise<string[]> {
  try {
    await Deno.mkdir(path, { mode: 0o700 });
    return [path];
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return [];
  }
}

/**
 * Resolves when the whole path to a folder is on the disk, as far as we can
 * see to it: another process may have made some of it, and not got that far.
 *
 * @param made must be on the disk
 */
export async function syncAbove(
  path: string,
  made: readonly string[],
): Promise<void> {
  const syncs: Promise<void>[] = [];
  for (;;) {
    const parent = parentOf(path);
    if (parent === path) break;
    const synced = syncFolder(parent);
    // Where we may not look, or nothing can change, we have made nothing.
    syncs.push(made.includes(path) ? synced : synced.catch(() => {}));
    path = parent;
  }
  await Promise.all(syncs);
}
