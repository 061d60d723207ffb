/**
 * Folders on the disk: a file, or a folder, is not stored before the folder
 * that names it is (fsync(2)).
 *
 * @module
 */
import { closeDescriptor } from "../posix/descriptors.ts";
import { openFolder } from "../posix/files.ts";
import { sync } from "../posix/sync.ts";
import { codeOf } from "../reason.ts";

/** Those who wait for the next sync of a folder, while one is going on. */
interface Syncs {
  next: Promise<void> | undefined;
  running: Promise<void>;
}

const folders = new Map<string, Syncs>();

/**
 * Resolves when what a folder names now is on the disk. Many callers share a
 * sync: each takes part in one that starts after its call.
 *
 * The folder is opened anew each time, since its path may lead elsewhere.
 */
export function syncFolder(path: string): Promise<void> {
  const known = folders.get(path);
  if (!known) {
    const running = syncOnce(path);
    folders.set(path, { running, next: undefined });
    return running;
  }
  return known.next ??= known.running.catch(() => {}).then(() => {
    known.running = syncOnce(path);
    known.next = undefined;
    return known.running;
  });
}

async function syncOnce(path: string): Promise<void> {
  try {
    const folder = openFolder(path);
    try {
      await sync(folder);
    } finally {
      closeDescriptor(folder);
    }
  } finally {
    if (folders.get(path)?.next === undefined) folders.delete(path);
  }
}

/** Each path that is being made, so that nobody relies on half of it. */
const making = new Map<string, Promise<void>>();

/** Makes a folder, and those above it, durable and for us alone (mode 0700). */
export function makeFolder(path: string): Promise<void> {
  const known = making.get(path);
  if (known) return known;
  const made = make(path).finally(() => making.delete(path));
  making.set(path, made);
  return made;
}

async function make(path: string): Promise<void> {
  const parent = path.replace(/\/+[^/]+\/*$/, "") ||
    (path.startsWith("/") ? "/" : ".");
  let isNew: boolean;
  try {
    isNew = await makeOne(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent);
    isNew = await makeOne(path);
  }
  try {
    await syncFolder(parent);
  } catch (error) {
    // Where we may not look we have not made it either.
    if (isNew || codeOf(error) !== "EACCES") throw error;
  }
}

/** Returns false if it was there: another process may be making it just now. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await Deno.mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return false;
  }
}
