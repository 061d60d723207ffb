/**
 * Children that end without waking a thread that has nothing to do.
 *
 * posix_spawn blocks all signals of the thread that calls it, and the kernel
 * never ignores a signal that the first thread blocks: the SIGCHLD of a child
 * that ends meanwhile goes to another thread, which wakes up only to ignore it.
 * For a gate to programs that is nearly each child, and 1% of all that the
 * machine does. A signal that all threads block wakes nobody. The runtime has
 * threads before any of our code runs, so only an exec can arrange that: a mask
 * is inherited.
 *
 * @module
 */
import { handText } from "./handed_text.ts";
import { libc } from "./libc.ts";
import { SIGCHLD, signalSetBytes } from "./numbers.ts";
import { ourArguments, ourPath } from "./ourselves.ts";
import { fill } from "./spawn.ts";

const PR_SET_NAME = 15;
const SIG_BLOCK = 0;
const SIG_SETMASK = 2;

/**
 * Executes this program anew with SIGCHLD blocked, unless it is so already.
 * To be called before anything was done that an exec would lose. Whatever
 * fails costs only speed.
 *
 * @param text to be handed on (see handed_text.ts); null for none
 */
export function quietChildren(text: string | null): void {
  const bytes = () => new Uint8Array(new ArrayBuffer(signalSetBytes));
  const blocked = bytes(), before = bytes();
  const bit = SIGCHLD - 1;
  blocked[bit >> 3] = 1 << (bit & 7);
  libc().pthread_sigmask(SIG_BLOCK, blocked, before);
  try {
    const args = ourArguments();
    if (before[bit >> 3] & blocked[bit >> 3]) return nameOurselves();
    const { path, argv } = fill({ path: ourPath(), args, env: [] });
    const takeBack = text === null ? null : handText(text);
    libc().execv(path, argv);
    takeBack?.();
  } catch {
    // There is no /proc.
  }
  libc().pthread_sigmask(SIG_SETMASK, before, null);
}

/** An exec names the process after the file's path, which was not its name. */
export function nameOurselves(): void {
  if (Deno.readTextFileSync("/proc/self/comm") !== "exe\n") return;
  const [argv0] = ourArguments();
  const name = `${argv0.slice(argv0.lastIndexOf("/") + 1)}\0`;
  const bytes = Uint8Array.from(name, (letter) => letter.charCodeAt(0));
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
  // A file of /proc that is written to would have to be permitted.
  libc().prctl(PR_SET_NAME, BigInt(address), 0n, 0n, 0n);
  bytes.fill(0); // it had to be there until now
}
