/**
 * fsync(2) of many files at once, by the kernel's asynchronous I/O
 * (io_submit(2), since Linux 4.18): one call starts all that were asked for in
 * a turn of the event loop, which hears of their end by a counter (eventfd(2)).
 * A thread for each costs twice the CPU, and a third of the messages a second.
 *
 * @module
 */
import { closeDescriptor, eventCounter, readNow } from "./descriptors.ts";
import { EPOLLIN } from "./epoll.ts";
import { eventLoop } from "./event_loop.ts";
import { libc, SystemError } from "./libc.ts";

const numbers = Deno.build.arch === "aarch64"
  ? { setup: 0n, submit: 2n, getevents: 4n }
  : { setup: 206n, submit: 209n, getevents: 208n };
const IOCB_CMD_FSYNC = 2;
const IOCB_FLAG_RESFD = 1;
const EIO = 5;
/** Sizes and offsets of linux/aio_abi.h: struct iocb, struct io_event. */
const iocbBytes = 64;
const opcodeAt = 16;
const descriptorAt = 20;
const flagsAt = 56;
const counterAt = 60;
const eventBytes = 32;
const resultAt = 16;
const pointerBytes = 8;
const countBytes = 8;
/** At once; the machine has 65,536 (aio-max-nr) for all processes. */
const slots = 64;

interface Job {
  readonly fd: number;
  readonly resolve: () => void;
  readonly reject: (error: SystemError) => void;
}

const queue: Job[] = [];
const running = new Map<number, Job>();
let onThreads = 0;
let submitting = false;
let lastId = 0;

/**
 * Resolves when what was written to a descriptor before is on the disk. It
 * must stay open until then.
 *
 * @throws SystemError
 */
export function sync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    queue.push({ fd, resolve, reject });
    if (submitting) return;
    submitting = true;
    queueMicrotask(() => {
      submitting = false;
      submit();
    });
  });
}

interface Context {
  readonly id: bigint;
  /** Readable when something has ended. */
  readonly counter: number;
  /** Filled by io_getevents. */
  readonly events: Uint8Array<ArrayBuffer>;
  /** Read by io_submit: control blocks, then pointers to them. */
  readonly blocks: Uint8Array<ArrayBuffer>;
}

let known: Context | null | undefined;

/** null where the kernel, or a container's filter, has no such thing. */
function context(): Context | null {
  if (known !== undefined) return known;
  const counter = eventCounter(0);
  const id = new BigUint64Array(1);
  const taken = libc().io_setup(
    numbers.setup,
    BigInt(slots),
    new Uint8Array(id.buffer),
  );
  if (taken !== 0n) {
    closeDescriptor(counter);
    return known = null;
  }
  const blocks = new Uint8Array(
    new ArrayBuffer(slots * (iocbBytes + pointerBytes)),
  );
  const view = new DataView(blocks.buffer);
  const address = BigInt(
    Deno.UnsafePointer.value(Deno.UnsafePointer.of(blocks)),
  );
  for (let i = 0; i < slots; i++) {
    const at = i * iocbBytes;
    view.setUint16(at + opcodeAt, IOCB_CMD_FSYNC, true);
    view.setUint32(at + flagsAt, IOCB_FLAG_RESFD, true);
    view.setUint32(at + counterAt, counter, true);
    view.setBigUint64(
      slots * iocbBytes + i * pointerBytes,
      address + BigInt(at),
      true,
    );
  }
  const events = new Uint8Array(new ArrayBuffer(slots * eventBytes));
  return known = { id: id[0], counter, events, blocks };
}

/** The same, or null for now where there is no descriptor for it. */
function contextNow(): Context | null {
  try {
    return context();
  } catch {
    return null; // helper threads need none
  }
}

function submit(): void {
  // A process with one session takes no slots from the others.
  const isAlone = known === undefined && queue.length + onThreads === 1;
  const aio = isAlone ? null : contextNow();
  if (aio === null || running.size === 0 && !watch(aio)) {
    for (const job of queue.splice(0)) syncOnThread(job);
    return;
  }
  const jobs = queue.slice(0, slots - running.size);
  if (jobs.length === 0) return; // collect() comes back here
  const view = new DataView(aio.blocks.buffer);
  const firstId = lastId;
  jobs.forEach(({ fd }, i) => {
    view.setBigUint64(i * iocbBytes, BigInt(++lastId), true);
    view.setUint32(i * iocbBytes + descriptorAt, fd, true);
  });
  const taken = Number(
    libc().io_submit(
      numbers.submit,
      aio.id,
      BigInt(jobs.length),
      aio.blocks.subarray(slots * iocbBytes),
    ),
  );
  for (let i = 0; i < taken; i++) running.set(firstId + 1 + i, jobs[i]);
  queue.splice(0, Math.max(taken, 0));
  // What is not taken waits for a free slot, or does without.
  if (running.size > 0) return;
  eventLoop.remove(aio.counter);
  for (const job of queue.splice(0)) syncOnThread(job);
}

/** False where there is no descriptor for the event loop itself. */
function watch(aio: Context): boolean {
  try {
    eventLoop.add(aio.counter, EPOLLIN, { ready: () => collect(aio) });
    return true;
  } catch {
    return false;
  }
}

function collect(aio: Context): void {
  readNow(aio.counter, countBytes);
  const count = Number(
    libc().io_getevents(
      numbers.getevents,
      aio.id,
      0n,
      BigInt(slots),
      aio.events,
      null,
    ),
  );
  const view = new DataView(aio.events.buffer);
  for (let i = 0; i < count; i++) {
    const id = Number(view.getBigUint64(i * eventBytes, true));
    const result = Number(view.getBigInt64(i * eventBytes + resultAt, true));
    const job = running.get(id)!;
    running.delete(id);
    if (result === 0) job.resolve();
    else job.reject(new SystemError("fsync", -result));
  }
  if (running.size === 0) eventLoop.remove(aio.counter);
  if (queue.length > 0) submit();
}

/** Its errno stays on the helper thread, and an error is told only once. */
async function syncOnThread({ fd, resolve, reject }: Job): Promise<void> {
  onThreads++;
  const result = await libc().fsyncAsync(fd);
  onThreads--;
  if (result === 0) resolve();
  else reject(new SystemError("fsync", EIO));
}
