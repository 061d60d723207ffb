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
    if (before[bit >> 3] & blocked[bit >> 3]) return nameAs(args[0]);
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
function nameAs(argv0: string): void {
  const file = "/proc/self/comm";
  if (Deno.readTextFileSync(file) !== "exe\n") return;
  Deno.writeTextFileSync(file, argv0.slice(argv0.lastIndexOf("/") + 1));
}
