/**
 * Folders by their descriptors: a name is looked up in what was opened, and
 * not in what its path has come to lead to since.
 *
 * A path here has two parts. The first is the administrator's, and may go
 * through symbolic links. What is beneath it may belong to users, who can put
 * a link in the place of anything of theirs at any moment; none is followed.
 *
 * @module
 */
import { closeDescriptor } from "./descriptors.ts";
import {
  createFile,
  cString,
  FileStatus,
  O_DIRECTORY,
  passingString,
} from "./files.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import { O_CLOEXEC } from "./numbers.ts";

const O_PATH = 0o10000000;
/** As with O_DIRECTORY. */
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const RESOLVE_NO_SYMLINKS = 4n;
/** Since Linux 5.6, on every machine. */
const openat2Number = 437n;
/** struct open_how: flags, mode, resolve. */
const howBytes = 24;

const EPERM = 1,
  EEXIST = 17,
  ENOTDIR = 20,
  EINVAL = 22,
  ENOSYS = 38,
  ELOOP = 40;

/** To sync a folder takes the right to read it, to use what is in it does not. */
const flagsFor = {
  search: O_PATH | O_DIRECTORY | O_CLOEXEC,
  sync: O_DIRECTORY | O_CLOEXEC,
} as const;

export type FolderUse = keyof typeof flagsFor;

const status = new FileStatus();

/** The first part of a path: links are followed. Throws SystemError. */
export function openRoot(path: string, use: FolderUse): number {
  return check("open", libc().open(passingString(path), flagsFor[use]));
}

/**
 * A folder beneath another one.
 *
 * @param root the first part of a path
 * @param path the second
 * @returns a descriptor
 * @throws SystemError ELOOP where a symbolic link is on the way
 */
export function openBeneath(
  root: string,
  path: string,
  use: FolderUse,
): number {
  if (!path.includes("/")) return openOnly(root, path, use);
  const folder = openRoot(root, "search");
  try {
    return openInside(folder, path, use) ?? walk(folder, path, use);
  } finally {
    closeDescriptor(folder);
  }
}

/** One name needs no descriptor of what it is in. */
function openOnly(root: string, name: string, use: FolderUse): number {
  const path = passingString(`${root}/${name}`);
  const fd = libc().open(path, flagsFor[use] | O_NOFOLLOW);
  if (fd >= 0) return fd;
  const error = errno();
  if (error !== ENOTDIR) throw new SystemError("open", error);
  const folder = openRoot(root, "search");
  try {
    return openName(folder, name, use);
  } finally {
    closeDescriptor(folder);
  }
}

const how = new BigUint64Array(new ArrayBuffer(howBytes));
how[2] = RESOLVE_NO_SYMLINKS;
const howOf = new Uint8Array(how.buffer);

/** null where the kernel has no such call, or a container's filter has it not. */
function openInside(
  folder: number,
  path: string,
  use: FolderUse,
): number | null {
  how[0] = BigInt(flagsFor[use]);
  const call = libc().openat2;
  const size = BigInt(howBytes);
  const fd = call(openat2Number, folder, passingString(path), howOf, size);
  if (fd >= 0n) return Number(fd);
  const error = errno();
  if (error === ENOSYS || error === EPERM) return null;
  throw new SystemError("open", error);
}

/** The same, a name at a time; for tests as well. */
export function walk(folder: number, path: string, use: FolderUse): number {
  const names = namesIn(path);
  const last = names.pop() ?? ".";
  const opened: number[] = [];
  try {
    for (const name of names) {
      folder = openName(folder, name, "search");
      opened.push(folder);
    }
    return openName(folder, last, use);
  } finally {
    opened.forEach(closeDescriptor);
  }
}

const namesIn = (path: string) =>
  path.split("/").filter((name) => name !== "" && name !== ".");

/** A link that is not followed is told from a file: both are ENOTDIR. */
function openName(folder: number, name: string, use: FolderUse): number {
  const path = passingString(name);
  const fd = libc().openat(folder, path, flagsFor[use] | O_NOFOLLOW, 0);
  if (fd >= 0) return fd;
  const error = errno();
  const isLink = error === ENOTDIR && status.ofName(folder, path).isLink;
  throw new SystemError("open", isLink ? ELOOP : error);
}

/**
 * Makes what is missing of a path beneath a folder, for its owner alone (mode
 * 0700).
 *
 * @returns what was made, as paths beneath `root`; others may be making the
 *   rest just now
 */
export function makeBeneath(root: string, path: string): string[] {
  const made: string[] = [];
  let folder = openRoot(root, "search"), soFar = "";
  try {
    for (const name of namesIn(path)) {
      soFar += soFar === "" ? name : `/${name}`;
      const error = makeAsOwner(folder, name);
      if (error === 0) made.push(soFar);
      else if (error !== EEXIST) throw new SystemError("mkdir", error);
      const next = openName(folder, name, "search");
      closeDescriptor(folder);
      folder = next;
    }
    return made;
  } finally {
    closeDescriptor(folder);
  }
}

/** A file for its owner alone (mode 0600); see {@linkcode createFile}. */
export function createIn(folder: number, name: string): number {
  return createFile(name, 0o600, folder);
}

/** @param newName what it is called there */
export function moveBetween(
  from: number,
  to: number,
  name: string,
  newName = name,
): void {
  const path = cString(name);
  check("rename", libc().renameat(from, path, to, passingString(newName)));
}

export function removeIn(folder: number, name: string): void {
  check("unlink", libc().unlinkat(folder, passingString(name), 0));
}

export interface Owner {
  readonly user: number;
  readonly group: number;
}

/** Asked when the ids are those that the process keeps. */
let isRoot: boolean | undefined;

/**
 * Whose it should be what root makes in a folder: its owner could not read it
 * otherwise. null where that is who we are, or we are not root.
 */
export function ownerOf(folder: number): Owner | null {
  isRoot ??= Deno.uid() === 0;
  if (!isRoot) return null;
  const { owner } = status.ofDescriptor(folder);
  return owner.user === 0 ? null : owner;
}

/**
 * Gives a file away. Where root may not (a container without CAP_CHOWN, or
 * without that user) it stays root's.
 */
export function give(fd: number, { user, group }: Owner): void {
  if (libc().fchown(fd, user, group) === 0) return;
  const error = errno();
  if (error === EPERM || error === EINVAL) return;
  throw new SystemError("chown", error);
}

/**
 * Makes a folder with the rights of whoever owns the one that it is in, for
 * this thread and moment: one that is made by root and then given away could
 * have been exchanged for another of root's in between.
 *
 * @returns 0, or what errno says
 */
function makeAsOwner(folder: number, name: string): number {
  const path = passingString(name), owner = ownerOf(folder);
  const make = () => libc().mkdirat(folder, path, 0o700) === 0 ? 0 : errno();
  if (owner === null) return make();
  libc().setfsgid(owner.group);
  libc().setfsuid(owner.user);
  try {
    return make();
  } finally {
    libc().setfsuid(0);
    libc().setfsgid(0);
  }
}
