/**
 * Waiting until there is something to read, for any number of descriptors on
 * one helper thread (epoll(7)): the runtime has 32 threads for everything.
 *
 * @module
 */
import { closeDescriptor, doNotBlock, pipe } from "./descriptors.ts";
import { check, errno, libc } from "./libc.ts";
import { EAGAIN, EINTR, O_CLOEXEC } from "./numbers.ts";

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 1;
const EPOLLONESHOT = 1 << 30;

/** struct epoll_event is packed on x86_64 alone. */
const [eventBytes, dataAt] = Deno.build.arch === "x86_64" ? [12, 4] : [16, 8];
const mostEvents = 64;
const pipeBytes = 4096;
const forEver = -1;
/** Before waiting again when that failed. */
const afterFailureMs = 10;

/** What to do about each descriptor that is waited for. */
const waiting = new Map<number, () => void>();
let watching = false;

interface Epoll {
  readonly fd: number;
  /** Filled by epoll_wait: it has to be there until that ends. */
  readonly events: Uint8Array<ArrayBuffer>;
  /** What epoll_ctl reads. */
  readonly event: Uint8Array<ArrayBuffer>;
}

let opened: Epoll | undefined;

function epoll(): Epoll {
  if (opened) return opened;
  const room = (size: number) => new Uint8Array(new ArrayBuffer(size));
  return opened = {
    fd: check("epoll_create1", libc().epoll_create1(O_CLOEXEC)),
    events: room(eventBytes * mostEvents),
    event: room(eventBytes),
  };
}

/**
 * Resolves when a descriptor may have bytes, a connection, or its end; or when
 * it was forgotten. One waits for a descriptor at a time.
 *
 * @throws SystemError, where there is nothing to wait for (EPERM of a file)
 */
export async function readable(fd: number): Promise<void> {
  if (control(EPOLL_CTL_MOD, fd) < 0) {
    check("epoll_ctl", control(EPOLL_CTL_ADD, fd));
  }
  const told = new Promise<void>((resolve) => waiting.set(fd, resolve));
  watch();
  await told;
}

/** Waits for bytes of a pipe; no bytes are its end. */
export async function readSome(fd: number): Promise<Uint8Array<ArrayBuffer>> {
  doNotBlock(fd);
  const bytes = new Uint8Array(new ArrayBuffer(pipeBytes));
  for (;;) {
    await readable(fd);
    const n = Number(libc().read(fd, bytes, BigInt(pipeBytes)));
    if (n >= 0) return bytes.subarray(0, n);
    const error = errno();
    if (error !== EAGAIN && error !== EINTR) return bytes.subarray(0, 0);
  }
}

/** Resolves when nobody writes to a pipe any more. */
export async function untilHangup(fd: number): Promise<void> {
  while ((await readSome(fd)).length > 0);
}

/** Ends the wait for a descriptor, if any. It may be closed then. */
export function forget(fd: number): void {
  control(EPOLL_CTL_DEL, fd);
  tell(fd);
  if (watching && waiting.size === 0) endWatch();
}

function control(operation: number, fd: number): number {
  const { fd: own, event } = epoll();
  const view = new DataView(event.buffer);
  view.setUint32(0, EPOLLIN | EPOLLONESHOT, true);
  view.setUint32(dataAt, fd, true);
  return libc().epoll_ctl(own, operation, fd, event);
}

function tell(fd: number): void {
  const resolve = waiting.get(fd);
  waiting.delete(fd);
  resolve?.();
}

async function watch(): Promise<void> {
  if (watching) return;
  watching = true;
  const { fd, events } = epoll();
  const view = new DataView(events.buffer);
  while (waiting.size > 0) {
    const count = await libc().epoll_wait(fd, events, mostEvents, forEver);
    for (let i = 0; i < count; i++) {
      tell(view.getUint32(i * eventBytes + dataAt, true));
    }
    if (count < 0) {
      await new Promise((over) => setTimeout(over, afterFailureMs));
    }
  }
  watching = false;
}

/** A pipe that nobody writes to is readable at once. */
function endWatch(): void {
  try {
    const { read, write } = pipe();
    closeDescriptor(write);
    readable(read).then(() => closeDescriptor(read));
  } catch {
    // Without a descriptor for it, the thread waits on for nothing.
  }
}
