/**
 * The folders of a mailbox: tmp, new and cur, and those above them. What is
 * beneath the root of a template may be its users' own. A symbolic link there
 * is not followed: by one, whoever delivers with more rights than the user has
 * would put mail where the user cannot.
 *
 * @module
 */
import { codeOf } from "../base/reason.ts";
import { closeDescriptor } from "../sys/descriptors.ts";
import {
  type FolderUse,
  makeBeneath,
  openBeneath,
  openRoot,
} from "../sys/folders.ts";
import { makeFolder, syncAbove, syncFolder } from "./folder.ts";
import type { Mailbox } from "./mailbox.ts";

export type Part = "tmp" | "new";

/** A mailbox that is not used, by the path of the link in it. */
export class LinkError extends Error {
  override readonly name = "LinkError";

  constructor(readonly path: string) {
    super(`${path} is a symbolic link: put a folder in its place`);
  }
}

/**
 * Opens a folder beneath the root of a mailbox.
 *
 * @param path as {@linkcode Mailbox.within} makes it
 * @returns a descriptor
 * @throws LinkError, SystemError
 */
export function openIn(box: Mailbox, path: string, use: FolderUse): number {
  try {
    return openBeneath(box.root, path, use);
  } catch (error) {
    if (codeOf(error) !== "ELOOP") throw error;
    throw linkOn(box.root, path) ?? error;
  }
}

/** null where it has just been removed, or is above the root. */
export function linkOn(root: string, path: string): LinkError | null {
  let soFar = root.replace(/\/$/, "");
  for (const name of path.split("/")) {
    soFar += `/${name}`;
    try {
      if (Deno.lstatSync(soFar).isSymlink) return new LinkError(soFar);
    } catch {
      return null; // beyond what is not there is nothing
    }
  }
  return null;
}

/**
 * Makes what is missing of a Maildir.
 *
 * @param createsBase whether that may be all of it; else
 *   {@linkcode Mailbox.base} has to be there already
 * @throws LinkError, SystemError
 */
export async function makeMaildir(
  box: Mailbox,
  createsBase: boolean,
): Promise<void> {
  const { root, baseInside } = box;
  if (baseInside !== null && !createsBase) {
    closeDescriptor(openIn(box, baseInside, "search"));
  }
  const madeAbove = await makeFolder(root);
  const made = [...makeIn(box, "new"), ...makeIn(box, "cur")];
  if (madeAbove.length + made.length === 0 && hasPart(box, "tmp")) return;
  await syncBeneath(box, made);
  await syncAbove(root, madeAbove);
  // Last: whoever sees it relies on the others, and on their being durable.
  makeIn(box, "tmp");
}

function makeIn(box: Mailbox, part: string): string[] {
  const path = box.within(part);
  try {
    return makeBeneath(box.root, path);
  } catch (error) {
    if (codeOf(error) !== "ELOOP") throw error;
    throw linkOn(box.root, path) ?? error;
  }
}

function hasPart(box: Mailbox, part: string): boolean {
  try {
    closeDescriptor(openIn(box, box.within(part), "search"));
    return true;
  } catch {
    return false; // whoever opens it to use it hears why
  }
}

/**
 * Syncs the Maildir and what is above it, the root included, one after the
 * other: a message may have a thousand to make.
 *
 * @param made must be on the disk
 */
async function syncBeneath(
  box: Mailbox,
  made: readonly string[],
): Promise<void> {
  const { root } = box;
  let path = box.within("new");
  while (path !== "") {
    path = above(path);
    try {
      await (path === ""
        ? syncFolder(root, openRoot(root, "sync"))
        : syncFolder(`${root}/${path}`, openIn(box, path, "sync")));
    } catch (error) {
      // Where we may not look, or nothing can change, we have made nothing.
      if (made.some((each) => above(each) === path)) throw error;
    }
  }
}

/** "" for the root. */
const above = (path: string) =>
  path.slice(0, Math.max(path.lastIndexOf("/"), 0));
