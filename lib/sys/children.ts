/**
 * How our children end. Each is waited for by itself: others may be our
 * children too (those we were executed over, and, in a container's first
 * process, all that lost their parents), and a later process may have the id
 * of one.
 *
 * @module
 */
import { closeDescriptor } from "./descriptors.ts";
import { EPOLLIN } from "./epoll.ts";
import { eventLoop, type Watcher } from "./event_loop.ts";
import { libc } from "./libc.ts";

/** The same on all architectures that the runtime is made for. */
const SYS_pidfd_open = 434n;
const WNOHANG = 1;
/** Exit 111 stands for an end that the system does not tell (ECHILD). */
const unknownStatus = 111 << 8;

/** How often those are asked about for whom there was no descriptor. */
const lookEveryMs = 50;

/** Filled by each waitpid, and read before the next. */
const waitStatus = new Int32Array(1);
const waitStatusBytes = new Uint8Array(waitStatus.buffer);

/** The raw wait status of a child of ours; waited for once. */
export function waitFor(pid: number): Promise<number> {
  return new Promise((resolve) => whenEnded(pid, resolve));
}

/** The same, told to a function. */
export function whenEnded(pid: number, tell: (status: number) => void): void {
  const child = new Child(pid, tell);
  if (!child.watch()) lookAt(child);
}

class Child implements Watcher {
  #descriptor = -1;

  constructor(
    readonly pid: number,
    readonly tell: (status: number) => void,
  ) {}

  /** False where there is no descriptor for it (an old kernel, EMFILE). */
  watch(): boolean {
    const fd = Number(libc().pidfd_open(SYS_pidfd_open, this.pid, 0));
    if (fd < 0) return false;
    this.#descriptor = fd;
    try {
      eventLoop.add(fd, EPOLLIN, this);
      return true;
    } catch {
      closeDescriptor(fd); // it was the last, and the loop had none yet
      return false;
    }
  }

  what(): string {
    return "the end of a child";
  }

  ready(): void {
    const status = collected(this.pid);
    if (status === null) return;
    eventLoop.close(this.#descriptor);
    this.tell(status);
  }
}

/** The raw wait status of a child that has ended; null while it has not. */
function collected(pid: number): number | null {
  const result = libc().waitpid(pid, waitStatusBytes, WNOHANG);
  if (result === 0) return null;
  return result === pid ? waitStatus[0] : unknownStatus;
}

const unwatched = new Set<Child>();
let looking: ReturnType<typeof setInterval> | undefined;

function lookAt(child: Child): void {
  unwatched.add(child);
  looking ??= setInterval(look, lookEveryMs);
}

function look(): void {
  for (const child of unwatched) {
    const status = collected(child.pid);
    if (status === null) continue;
    unwatched.delete(child);
    child.tell(status);
  }
  if (unwatched.size > 0) return;
  clearInterval(looking);
  looking = undefined;
}
