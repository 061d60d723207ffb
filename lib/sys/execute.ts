/**
 * Executing another program in our own place, and ending as one has ended.
 *
 * @module
 */
import { check, libc } from "./libc.ts";
import { SIGCHLD } from "./numbers.ts";
import { isIgnored, SIG_DFL } from "./signals.ts";
import { fill } from "./spawn.ts";

const SIGPIPE = 13;
const SIGSTOP = 19;
const RLIMIT_CORE = 4;

/**
 * Executes a program with our environment, ids and descriptors 0 to 2. Returns
 * only when it cannot.
 *
 * @param path and arguments as byte strings
 * @throws SystemError that says why it cannot
 */
export function executeInstead(path: string, args: readonly string[]): never {
  const filled = fill({ path, args, env: [] });
  libc().signal(SIGPIPE, SIG_DFL); // the runtime ignores it
  check("execv", libc().execv(filled.path, filled.argv));
  throw new Error("execv has come back");
}

/** Ends this process as a child of it has: with its exit code, or its signal. */
export function endLike(waitStatus: number): never {
  const signal = waitStatus & 0x7f;
  if (signal !== 0 && signal !== SIGSTOP && signal !== SIGCHLD) {
    libc().setrlimit(RLIMIT_CORE, new Uint8Array(new ArrayBuffer(16)));
    if (!isIgnored(signal) || signal === SIGPIPE) {
      libc().signal(signal, SIG_DFL);
    }
    libc().kill(Deno.pid, signal);
  }
  Deno.exit(signal === 0 ? waitStatus >> 8 : 128 + signal);
}
