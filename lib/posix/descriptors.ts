/**
 * Plain descriptors: pipes, those we were started with, those Deno hides.
 *
 * @module
 */
import { check, errno, libc, SystemError } from "./libc.ts";
import { EAGAIN, EINTR, F_SETFL, O_CLOEXEC, O_NONBLOCK } from "./numbers.ts";

const O_RDWR = 2;
const F_GETFD = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const POLLIN = 1;
/** poll(2)'s milliseconds. */
const forEver = -1;
const EBADF = 9;
const pipeBytes = 4096;
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

/** Waits for bytes or the end of any of some descriptors. */
export class Poll {
  // poll writes here at its end: it has to be there until then.
  readonly #pollfds: Uint8Array<ArrayBuffer>;
  readonly #count: bigint;

  constructor(fds: readonly number[]) {
    this.#pollfds = new Uint8Array(new ArrayBuffer(8 * fds.length));
    this.#count = BigInt(fds.length);
    const view = new DataView(this.#pollfds.buffer);
    for (const [i, fd] of fds.entries()) {
      view.setInt32(i * 8, fd, true);
      view.setInt16(i * 8 + 4, POLLIN, true);
    }
  }

  /** On a helper thread, and one call at a time. */
  async wait(): Promise<void> {
    await libc().pollAsync(this.#pollfds, this.#count, forEver);
  }
}

/** Resolves when nobody writes to a pipe any more. */
export async function untilHangup(fd: number): Promise<void> {
  while ((await readSome(fd)).length > 0);
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

export function closeDescriptor(fd: number): void {
  libc().close(fd);
}
