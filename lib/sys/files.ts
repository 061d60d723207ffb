/**
 * Files by their descriptors, which Deno's own hide. The calls block, all but
 * readFile as long as the system takes for memory, not for the disk.
 *
 * @module
 */
import { check, libc, SystemError } from "./libc.ts";
import { O_CLOEXEC } from "./numbers.ts";

const O_RDWR = 0o2;
const O_WRONLY = 0o1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_APPEND = 0o2000;
/** Where others have it, aarch64 has O_DIRECT, which no folder takes. */
export const O_DIRECTORY = Deno.build.arch === "aarch64" ? 0o40000 : 0o200000;

/** In the place of a folder: where a path that is not absolute starts. */
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_BASIC_STATS = 0x7ff;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const S_IFSOCK = 0o140000;
const statxBytes = 256;
/** Where struct statx has what, in words of 32 bits (statx(2)). */
const user = 5, group = 6, mode = 7, inode = 8, bytesInAll = 10;
const ctime = 24, mtime = 28, device = 34;
/** A time has nanoseconds too, in a third word. */
const tellingWords = [
  ...[inode, bytesInAll, ctime, mtime, device].flatMap((at) => [at, at + 1]),
  ...[ctime + 2, mtime + 2],
];

/** struct statfs has 120 on x86_64 and aarch64. */
const statfsBytes = 128;

const EIO = 5;

/** In one call; its result has 32 bits. */
const mostBytes = 2 ** 30;
/** What nobody has to wait for. */
const fewBytes = 65536;

const encoder = new TextEncoder();
export const cString = (text: string) => encoder.encode(`${text}\0`);
const noPath = cString("");

const passing = new Uint8Array(new ArrayBuffer(8192));
const longestPassing = passing.length / 3 - 1; // UTF-8 has three bytes a unit

/** The same for one call alone: the next overwrites it. A third of the time. */
export function passingString(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > longestPassing) return cString(text);
  passing[encoder.encodeInto(text, passing).written] = 0;
  return passing;
}

/**
 * Makes a file that was not there, to be written to and read.
 *
 * @param folder a descriptor of the one that the path starts in
 * @returns a descriptor
 * @throws SystemError, as all of these do; EEXIST if there is one
 */
export function createFile(
  path: string,
  mode: number,
  folder = AT_FDCWD,
): number {
  const flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  const name = passingString(path);
  return check("open", libc().openat(folder, name, flags, mode));
}

/** The same, or one that is there, to be written to at its end. */
export function openToAppend(path: string, mode: number): number {
  const flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  return check("open", libc().openMode(cString(path), flags, mode));
}

/** A descriptor to read from. */
export function openFile(path: Uint8Array<ArrayBuffer>): number {
  return check("open", libc().open(path, O_CLOEXEC));
}

/** So many bytes from where a file is at; fewer where it has no more. */
export function readFile(fd: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  for (let at = 0; at < size;) {
    const rest = bytes.subarray(at);
    const n = check(
      "read",
      libc().read(fd, rest, Math.min(rest.length, mostBytes)),
    );
    if (n === 0) return bytes.subarray(0, at);
    at += n;
  }
  return bytes;
}

export function writeFile(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  while (bytes.length > 0) {
    const n = check(
      "write",
      libc().write(fd, bytes, Math.min(bytes.length, mostBytes)),
    );
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

/**
 * Writes what another file has from a place on, without its bytes coming this
 * way; on a helper thread, for what may have to wait for the disk.
 */
export async function copyFile(
  from: number,
  at: number,
  size: number,
  to: number,
): Promise<void> {
  const place = new BigInt64Array(new ArrayBuffer(8));
  place[0] = BigInt(at);
  const bytes = new Uint8Array(place.buffer);
  while (size > 0) {
    const most = Math.min(size, mostBytes);
    let n = Number(await libc().sendfileAsync(to, from, bytes, BigInt(most)));
    if (n < 0) { // errno is seen from here alone
      const few = BigInt(Math.min(size, fewBytes));
      n = check("sendfile", libc().sendfile(to, from, bytes, few));
    }
    if (n === 0) throw new SystemError("sendfile", EIO); // it has been cut
    size -= n;
  }
}

export function emptyFile(fd: number): void {
  check("ftruncate", libc().ftruncate(fd, 0n));
}

/**
 * What a file was when it was looked at. To be used again: for the asking, a
 * fifth of what node's bigint statSync takes.
 */
export class FileStatus {
  readonly #words = new Uint32Array(new ArrayBuffer(statxBytes));
  readonly #bytes = new Uint8Array(this.#words.buffer);

  /** @param path as {@linkcode cString} makes it; throws SystemError */
  ofPath(path: Uint8Array<ArrayBuffer>): this {
    return this.#look(AT_FDCWD, path, 0);
  }

  /** Throws SystemError. */
  ofDescriptor(fd: number): this {
    return this.#look(fd, noPath, AT_EMPTY_PATH);
  }

  /** Of a link itself, not of what it leads to. Throws SystemError. */
  ofName(folder: number, name: Uint8Array<ArrayBuffer>): this {
    return this.#look(folder, name, AT_SYMLINK_NOFOLLOW);
  }

  #look(fd: number, path: Uint8Array<ArrayBuffer>, flags: number): this {
    check(
      "stat",
      libc().statx(fd, path, flags, STATX_BASIC_STATS, this.#bytes),
    );
    return this;
  }

  /** Two contents share it only when one replaces the other in place at once. */
  isSame(other: FileStatus): boolean {
    return tellingWords.every((at) => this.#words[at] === other.#words[at]);
  }

  get isFile(): boolean {
    return (this.#words[mode] & S_IFMT) === S_IFREG;
  }

  get isLink(): boolean {
    return (this.#words[mode] & S_IFMT) === S_IFLNK;
  }

  get isSocket(): boolean {
    return (this.#words[mode] & S_IFMT) === S_IFSOCK;
  }

  get owner(): { readonly user: number; readonly group: number } {
    return { user: this.#words[user], group: this.#words[group] };
  }

  /** In bytes. */
  get size(): number {
    return this.#word64(bytesInAll);
  }

  /** When it was changed, or came to be so called, in ms since 1970. */
  get changedMs(): number {
    const nanoseconds = this.#words[ctime + 2];
    return this.#word64(ctime) * 1000 + Math.floor(nanoseconds / 1e6);
  }

  #word64(at: number): number {
    return this.#words[at] + this.#words[at + 1] * 2 ** 32;
  }
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
