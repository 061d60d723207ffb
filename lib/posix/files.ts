/**
 * Files by their descriptors, which Deno's own hide. The calls block as long
 * as the system takes for memory, not for the disk.
 *
 * @module
 */
import { check, libc } from "./libc.ts";
import { O_CLOEXEC } from "./numbers.ts";

const O_WRONLY = 0o1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_DIRECTORY = 0o200000;

/** struct statfs has 120 on x86_64 and aarch64. */
const statfsBytes = 128;

const encoder = new TextEncoder();
const cString = (text: string) => encoder.encode(`${text}\0`);

/**
 * Makes a file that was not there, to be written to.
 *
 * @returns a descriptor
 * @throws SystemError, as all of these do; EEXIST if there is one
 */
export function createFile(path: string, mode: number): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  return check("open", libc().openMode(cString(path), flags, mode));
}

/** A descriptor for {@linkcode sync}. */
export function openFolder(path: string): number {
  return check("open", libc().open(cString(path), O_DIRECTORY | O_CLOEXEC));
}

export function writeFile(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  while (bytes.length > 0) {
    const n = check("write", libc().write(fd, bytes, BigInt(bytes.length)));
    bytes = bytes.subarray(n);
  }
}

/** The same on a helper thread, for what may have to wait for the disk. */
export async function writeFileAsync(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  while (bytes.length > 0) {
    const n = Number(await libc().writeAsync(fd, bytes, BigInt(bytes.length)));
    if (n < 0) return writeFile(fd, bytes); // errno is seen from here alone
    bytes = bytes.subarray(n);
  }
}

export function renameFile(from: string, to: string): void {
  check("rename", libc().rename(cString(from), cString(to)));
}

/** What a file system has, in blocks of one size (statfs(2)). */
export interface FileSystem {
  readonly blocks: number;
  readonly free: number;
  /** Those of the free ones that not only root may use. */
  readonly available: number;
}

/** The file system that a path is on. */
export function fileSystemOf(path: string): FileSystem {
  const bytes = new Uint8Array(new ArrayBuffer(statfsBytes));
  check("statfs", libc().statfs(cString(path), bytes));
  const view = new DataView(bytes.buffer);
  // f_type and f_bsize come first: all are words of 64 bits.
  const word = (index: number) => Number(view.getBigUint64(index * 8, true));
  return { blocks: word(2), free: word(3), available: word(4) };
}
