/**
 * Files that only root may read, for a process that has given up root: another
 * one reads them, and hands on what they say, now and whenever they change. In
 * files without a name, each under the path of the one that it stands for.
 *
 * @module
 */
import { closeOnExec, isOurs, keepOverExec } from "./descriptors.ts";
import { FileStatus } from "./files.ts";
import { memoryFile } from "./handed_text.ts";
import { check, libc } from "./libc.ts";

/** Names their descriptors, and tells whether they are kept up: JSON. */
export const filesVariable = "POSTERN_FILES";

/** Descriptors by the paths that they stand for. */
export type HandedFiles = ReadonlyMap<string, number>;

interface Handed {
  /** Somebody rewrites these when those that they stand for are renewed. */
  readonly renewed: HandedFiles;
  /** These are what was read at the start. */
  readonly first: HandedFiles;
}

let known: Handed | undefined;

/** Those that were handed to this process, which programs do not get. */
export function takeHandedFiles(): Handed {
  if (known !== undefined) return known;
  known = namedFiles();
  for (const fd of [...known.renewed.values(), ...known.first.values()]) {
    if (!isOurs(fd)) closeOnExec(fd);
  }
  return known;
}

function namedFiles(): Handed {
  const text = Deno.env.get(filesVariable) ?? filesText({});
  const { renewed, first } = JSON.parse(text);
  const mapOf = (all: Record<string, number>) => new Map(Object.entries(all));
  return { renewed: mapOf(renewed), first: mapOf(first) };
}

/**
 * For what this process executes in its own place, beside what was handed to
 * it. Nobody renews these.
 *
 * @throws SystemError
 */
export function handFiles(files: HandedFiles): void {
  for (const fd of files.values()) keepOverExec(fd);
  const { renewed } = namedFiles();
  Deno.env.set(filesVariable, filesText({ renewed, first: files }));
}

/** What the variable says. */
export const filesText = (
  { renewed = new Map(), first = new Map() }: Partial<Handed>,
): string =>
  JSON.stringify({
    renewed: Object.fromEntries(renewed),
    first: Object.fromEntries(first),
  });

/**
 * What is in one now.
 *
 * @param again whether it may be another one by now
 * @returns null if nothing, or nothing new, was handed to us for this path
 */
export function readHandedFile(
  path: string,
  again: boolean,
): Uint8Array<ArrayBuffer> | null {
  const { renewed, first } = takeHandedFiles();
  const fd = renewed.get(path) ?? (again ? undefined : first.get(path));
  if (fd === undefined) return null;
  const { size } = new FileStatus().ofDescriptor(fd);
  const bytes = new Uint8Array(new ArrayBuffer(size));
  const n = check("read", libc().pread(fd, bytes, BigInt(size), 0n));
  return bytes.subarray(0, n);
}

/** A file to be handed on. Throws SystemError. */
export function fileToHand(bytes: Uint8Array<ArrayBuffer>): number {
  const fd = memoryFile();
  rewriteFile(fd, bytes);
  return fd;
}

/**
 * Puts other bytes into one. Whoever reads it just then sees neither the old
 * nor the new ones.
 *
 * @throws SystemError
 */
export function rewriteFile(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  const size = BigInt(bytes.length);
  check("pwrite", libc().pwrite(fd, bytes, size, 0n));
  check("ftruncate", libc().ftruncate(fd, size));
}
