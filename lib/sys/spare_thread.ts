/**
 * A helper thread that is always there.
 *
 * The runtime ends those that had nothing to do for 10 s. When it needs one and
 * the system has none to give (EAGAIN of pthread_create(3): RLIMIT_NPROC, a
 * container's pids.max), it aborts the process, unless there is another: then
 * the work waits for that.
 *
 * @module
 */
import { libc } from "./libc.ts";

/** How long work may have to wait, and how often a gate at rest wakes up. */
const roundMs = 5000;

/** Never resolves. */
export async function keepThread(): Promise<never> {
  const nothing = new Uint8Array(new ArrayBuffer(8));
  for (;;) await libc().pollAsync(nothing, 0n, roundMs);
}
