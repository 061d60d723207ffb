/**
 * Waiting for a descriptor by a promise, where a watcher would be too much.
 *
 * @module
 */
import { doNotBlock } from "./descriptors.ts";
import { EPOLLIN, EPOLLOUT } from "./epoll.ts";
import { eventLoop } from "./event_loop.ts";
import { errno, libc } from "./libc.ts";
import { EAGAIN, EINTR } from "./numbers.ts";

const pipeBytes = 4096;

/**
 * Resolves when a descriptor may have bytes, a connection, or its end. One
 * waits for a descriptor at a time, and it is not to be closed meanwhile.
 *
 * @param end of the time, on performance.now()'s clock
 * @returns false when the time is over
 * @throws SystemError, where there is nothing to wait for (EPERM of a file)
 */
export const readable = (fd: number, end = Infinity): Promise<boolean> =>
  ready(fd, EPOLLIN, end);

/** The same for a descriptor that may take bytes. */
export const writable = (fd: number, end = Infinity): Promise<boolean> =>
  ready(fd, EPOLLOUT, end);

function ready(fd: number, interest: number, end: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (isReady: boolean) => {
      eventLoop.remove(fd);
      clearTimeout(timer);
      resolve(isReady);
    };
    // Before anything can be told: where setTimeout is loaded when it is first
    // used (Deno 2.9), promises that were waiting go on meanwhile.
    const timer = end === Infinity
      ? undefined
      // Rounded up: a timer takes whole milliseconds.
      : setTimeout(
        () => settle(false),
        Math.max(0, Math.ceil(end - performance.now())),
      );
    try {
      eventLoop.add(fd, interest, { ready: () => settle(true) });
    } catch (error) {
      clearTimeout(timer);
      reject(error);
    }
  });
}

/** Waits for bytes of a pipe; no bytes are its end. */
export async function readSome(fd: number): Promise<Uint8Array<ArrayBuffer>> {
  doNotBlock(fd);
  const bytes = new Uint8Array(new ArrayBuffer(pipeBytes));
  for (;;) {
    await readable(fd);
    const n = libc().read(fd, bytes, pipeBytes);
    if (n >= 0) return bytes.subarray(0, n);
    const error = errno();
    if (error !== EAGAIN && error !== EINTR) return bytes.subarray(0, 0);
  }
}

/** Resolves when nobody writes to a pipe any more. */
export async function untilHangup(fd: number): Promise<void> {
  while ((await readSome(fd)).length > 0);
}
