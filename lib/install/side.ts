/**
 * Replacing what is at a path in one step: the new thing is made beside it and
 * renamed, what was there gets a second name first. At no moment does the path
 * lead to nothing, or to half a file; and a file that is being executed, which
 * could not be written to ("text busy"), is replaced as well.
 *
 * @module
 */
import { codeOf } from "../base/reason.ts";
import { isThere, removeIfThere } from "./missing.ts";
import { piecesOf, type Thing } from "./thing.ts";

/** A name beside a path. Hidden ones are ours alone, and there for a moment. */
export const beside = {
  /** What was there before us. */
  before: (path: string) => `${path}.before-postern`,
  /** What is to come. */
  fresh: (path: string) => hidden(path, "postern-new"),
  /** What goes. */
  old: (path: string) => hidden(path, "postern-old"),
} as const;

function hidden(path: string, suffix: string): string {
  const slash = path.lastIndexOf("/") + 1;
  return `${path.slice(0, slash)}.${path.slice(slash)}.${suffix}`;
}

/** The folder that a path is in. */
export const folderOf = (path: string): string =>
  path.slice(0, Math.max(1, path.lastIndexOf("/")));

/** Whether a folder is another one, or has it inside. */
export const isAround = (path: string, folder: string): boolean =>
  folder === path || folder.startsWith(`${path}/`);

/** Makes a thing beside its path, and on the disk. */
export function makeFresh(thing: Thing): void {
  const fresh = beside.fresh(thing.path);
  removeIfThere(fresh); // somebody was killed
  if (thing.kind === "link") return Deno.symlinkSync(thing.to, fresh);
  const { content, mode } = thing;
  using file = Deno.openSync(fresh, { write: true, createNew: true, mode });
  const pieces = "copyOf" in content
    ? piecesOf(content.copyOf)
    : [new TextEncoder().encode(content.text)];
  for (const piece of pieces) {
    for (let rest: Uint8Array = piece; rest.length > 0;) {
      rest = rest.subarray(file.writeSync(rest));
    }
  }
  if (Deno.uid() === 0) Deno.chownSync(fresh, 0, 0);
  Deno.chmodSync(fresh, mode); // the umask has taken from it
  file.syncSync();
}

/** Puts what was made beside a path in its place. */
export function putFresh(path: string): void {
  Deno.renameSync(beside.fresh(path), path);
}

/** All of it, for a thing that stands alone. */
export function putWhole(thing: Thing): void {
  try {
    makeFresh(thing);
    putFresh(thing.path);
  } catch (error) {
    removeIfThere(beside.fresh(thing.path));
    throw error;
  }
  syncFolder(folderOf(thing.path));
}

/**
 * Gives what is at a path a second name, which nobody else has.
 *
 * @throws AlreadyExists
 */
export function nameAlso(path: string, other: string): void {
  try {
    Deno.linkSync(path, other);
  } catch (error) {
    // Some file systems have no hard links, and who does not own a file may
    // not make one: then the path is free for a moment.
    if (!["EPERM", "EOPNOTSUPP", "EMLINK"].includes(codeOf(error) ?? "")) {
      throw error;
    }
    if (isThere(other)) throw new Deno.errors.AlreadyExists(other);
    Deno.renameSync(path, other);
  }
}

/** Gives something its name back, in the place of whatever has it now. */
export function nameBack(other: string, path: string): void {
  Deno.renameSync(other, path);
  // Where both are one file, nothing has been done.
  removeIfThere(other);
}

/** A rename outlasts a power cut once its folder is on the disk. */
export function syncFolder(path: string): void {
  using folder = Deno.openSync(path);
  folder.syncSync();
}
