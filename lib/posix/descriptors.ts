/**
 * Plain descriptors: pipes, those we were started with, those Deno hides.
 *
 * @module
 */
import { check, errno, libc } from "./libc.ts";

const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const F_SETFD = 2;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
const EINTR = 4;
const EAGAIN = 11;
const FD_CLOEXEC = 1;
const POLLIN = 1;
const pipeBytes = 4096;

/**
 * Puts /dev/null where stdin and stdout were. Closing them would not do: Deno
 * keeps them open, and a free number 0 would be the next socket's.
 *
 * @throws SystemError
 */
export function releaseStdinAndStdout(): void {
  const path = new TextEncoder().encode("/dev/null\0");
  const fd = check("open", libc().open(path, O_RDWR));
  check("dup2", libc().dup2(fd, 0));
  check("dup2", libc().dup2(fd, 1));
  if (fd > 1) libc().close(fd);
}

/** A pipe, both ends close-on-exec. */
export function pipe(): { read: number; write: number } {
  const ends = new Int32Array(new ArrayBuffer(8));
  check("pipe", libc().pipe2(new Uint8Array(ends.buffer), O_CLOEXEC));
  return { read: ends[0], write: ends[1] };
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
  const n = libc().write(fd, bytes, BigInt(bytes.length));
  if (n >= 0) return Number(n);
  const error = errno();
  return error === EAGAIN || error === EINTR ? 0 : "gone";
}

/** Reads what a descriptor that does not block has now, up to a limit. */
export function readNow(fd: number, limit: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(limit));
  let at = 0;
  while (at < limit) {
    const n = Number(libc().read(fd, bytes.subarray(at), BigInt(limit - at)));
    if (n <= 0) break;
    at += n;
  }
  return bytes.subarray(0, at);
}

/** Writes what is taken at once, which is all of a few bytes. */
export function writeNow(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  libc().write(fd, bytes, BigInt(bytes.length));
}

/** Reads what there is on a helper thread; no bytes are the end. */
export async function readSome(fd: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(new ArrayBuffer(pipeBytes));
  const n = Number(await libc().readAsync(fd, bytes, BigInt(pipeBytes)));
  return bytes.subarray(0, Math.max(0, n));
}

/** Waits on a helper thread for bytes or the end; -1 ms is for ever. */
export async function waitReadable(
  fd: number,
  milliseconds: number,
): Promise<void> {
  const pollfd = new Uint8Array(new ArrayBuffer(8));
  const view = new DataView(pollfd.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, POLLIN, true);
  await libc().pollAsync(pollfd, 1n, milliseconds);
}

/** Resolves when nobody writes to a pipe any more. */
export async function untilHangup(fd: number): Promise<void> {
  while ((await readSome(fd)).length > 0);
}

/** Keeps a descriptor that we were started with from our own children. */
export function closeOnExec(fd: number): void {
  check("fcntl", libc().fcntl(fd, F_SETFD, FD_CLOEXEC));
}

export function closeDescriptor(fd: number): void {
  libc().close(fd);
}
