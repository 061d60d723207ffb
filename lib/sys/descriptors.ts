/**
 * Plain descriptors: pipes, those we were started with, those Deno hides.
 *
 * @module
 */
import { FileStatus } from "./files.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import { descriptorLimit } from "./rlimit.ts";
import {
  EAGAIN,
  EINTR,
  F_SETFD,
  F_SETFL,
  O_CLOEXEC,
  O_NONBLOCK,
} from "./numbers.ts";

const O_RDWR = 2;
const O_ACCMODE = 3;
const F_GETFD = 1;
const F_GETFL = 3;
const FD_CLOEXEC = 1;
const EBADF = 9;
const nullDevice = new TextEncoder().encode("/dev/null\0");

/**
 * Puts /dev/null where stdin and stdout were. Closing them would not do: Deno
 * keeps them open, and a free number 0 would be the next socket's.
 *
 * @throws SystemError
 */
export function releaseStdinAndStdout(): void {
  const fd = check("open", libc().open(nullDevice, O_RDWR));
  check("dup2", libc().dup2(fd, 0));
  check("dup2", libc().dup2(fd, 1));
  if (fd > 1) libc().close(fd);
}

/** /dev/null for a child, close-on-exec here. Throws SystemError. */
export function openNull(): number {
  return check("open", libc().open(nullDevice, O_RDWR | O_CLOEXEC));
}

/**
 * Fails as a read would if we were started without a stdin. The runtime puts
 * /dev/null where 0, 1 or 2 is closed, open for reading and writing; a shell's
 * `< /dev/null` is open for reading alone. (Whoever opens it for both, as
 * Python's DEVNULL does, is taken for somebody who closed it.)
 *
 * @throws SystemError EBADF
 */
export function checkStdin(): void {
  if ((libc().fcntl(0, F_GETFL, 0) & O_ACCMODE) !== O_RDWR) return;
  const none = new FileStatus().ofPath(nullDevice);
  const stdin = new FileStatus().ofDescriptor(0);
  if (stdin.isSame(none)) throw new SystemError("read", EBADF);
}

/** A pipe, both ends close-on-exec. */
export function pipe(): { read: number; write: number } {
  const ends = new Int32Array(new ArrayBuffer(8));
  check("pipe", libc().pipe2(new Uint8Array(ends.buffer), O_CLOEXEC));
  return { read: ends[0], write: ends[1] };
}

/**
 * A counter that can be watched: readable while it is not 0 (eventfd(2)).
 * Close-on-exec; reading it does not block.
 *
 * @throws SystemError
 */
export function eventCounter(initial: number): number {
  const flags = O_CLOEXEC | O_NONBLOCK; // EFD_CLOEXEC, EFD_NONBLOCK
  return check("eventfd", libc().eventfd(initial, flags));
}

/** Reading and writing return at once from now on. */
export function doNotBlock(fd: number): void {
  check("fcntl", libc().fcntl(fd, F_SETFL, O_NONBLOCK));
}

/**
 * Writes what a descriptor that does not block takes now, which may be 0
 * bytes; `gone` if nobody reads (or the write failed otherwise).
 */
export function writeSome(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
): number | "gone" {
  const n = libc().write(fd, bytes, bytes.length);
  if (n >= 0) return n;
  const error = errno();
  return error === EAGAIN || error === EINTR ? 0 : "gone";
}

/** Reads what a descriptor that does not block has now, up to a limit. */
export function readNow(fd: number, limit: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(limit));
  let at = 0;
  while (at < limit) {
    const n = libc().read(fd, bytes.subarray(at), limit - at);
    if (n <= 0) break;
    at += n;
  }
  return bytes.subarray(0, at);
}

/** Writes what is taken at once, which is all of a few bytes. */
export function writeNow(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  libc().write(fd, bytes, bytes.length);
}

/**
 * Whether a descriptor was opened by this process. All of the runtime's and of
 * this folder's are close-on-exec; one that came through an exec cannot be.
 */
export function isOurs(fd: number): boolean {
  return (libc().fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) !== 0; // -1 too
}

/**
 * Keeps a descriptor that we were started with from our own children.
 *
 * @throws SystemError EBADF if we were started with none of this number
 */
export function closeOnExec(fd: number): void {
  if (isOurs(fd)) throw new SystemError("fcntl", EBADF);
  check("fcntl", libc().fcntl(fd, F_SETFD, FD_CLOEXEC));
}

/** What we execute in our own place has it too. Throws SystemError. */
export function keepOverExec(fd: number): void {
  check("fcntl", libc().fcntl(fd, F_SETFD, 0));
}

/**
 * How many are open. Since Linux 6.2 that is the size of a folder in /proc
 * (proc_pid_fd(5)); to read the folder, as on an older one, takes milliseconds
 * where there are thousands.
 */
export const countDescriptors = (): number =>
  sizeOfFolder() || openDescriptors().length;

function sizeOfFolder(): number {
  try {
    return Deno.statSync("/proc/self/fd").size;
  } catch {
    return 0; // there is no /proc
  }
}

/** What is open, and maybe what is not: each number has to be tried. */
export function openDescriptors(): number[] {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => +name);
  } catch {
    // There is no /proc, or no descriptor left to read it with.
    return Array.from({ length: descriptorLimit().soft }, (_, fd) => fd);
  }
}

export function closeDescriptor(fd: number): void {
  libc().close(fd);
}
