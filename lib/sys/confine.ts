/**
 * Executing this program in its own place, bound: what a thread gives up, what
 * it executes does not get back, in any of its threads. (The runtime has
 * threads before any code of ours runs, and Landlock and capabilities are each
 * thread's own.)
 *
 * @module
 */
import { reason } from "../base/reason.ts";
import { forbidNewPrivileges, keepOnly } from "./capabilities.ts";
import { type Permit, restrictFiles } from "./landlock.ts";
import { check, libc, SystemError } from "./libc.ts";
import { signalSetBytes } from "./numbers.ts";
import { ourArguments, ourPath } from "./ourselves.ts";
import { refuseCalls } from "./seccomp.ts";
import { fill } from "./spawn.ts";

const PR_SET_DUMPABLE = 4;

/** How tight. */
export interface Bonds {
  /** Capabilities that stay; a bit for each. */
  readonly kept: bigint;
  /** What may be opened; null for everything. Then all calls are allowed too. */
  readonly permits: readonly Permit[] | null;
  /** Abstract unix sockets of others may be connected to. */
  readonly keepsAbstract: boolean;
}

/**
 * Binds this thread. There is no way back.
 *
 * @returns what the kernel does not have, in words
 * @throws SystemError if not even new privileges can be given up
 */
export function bindThread({ kept, permits, keepsAbstract }: Bonds): string[] {
  forbidNewPrivileges();
  keepOnly(kept);
  if (permits === null) return [];
  const missing: string[] = [];
  const tryIt = (what: string, act: () => void) => {
    try {
      act();
    } catch (error) {
      const why = error instanceof SystemError && error.code === "ENOSYS"
        ? "this kernel has none"
        : reason(error);
      missing.push(`${what}: ${why}`);
    }
  };
  tryIt("Landlock", () => restrictFiles(permits, keepsAbstract));
  tryIt("seccomp", () => refuseCalls(kept !== 0n));
  return missing;
}

/**
 * Executes this program, with its arguments and environment, in the place of
 * what runs here. Returns only when it cannot.
 *
 * @throws SystemError
 */
export function executeAnew(): never {
  const { path, argv } = fill({
    path: ourPath(),
    args: ourArguments(),
    env: [],
  });
  check("execv", libc().execv(path, argv));
  throw new Error("execv has come back");
}

/**
 * Whoever has our ids may not look into this process: after a drop of ids the
 * kernel sees to that, but for what is executed behind it.
 */
export function hideMemory(): void {
  libc().prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n);
}

const SIG_BLOCK = 0, SIG_UNBLOCK = 1;
/** HUP, INT, USR1, USR2 and TERM, for which a gate has handlers. */
const handled = [1, 2, 10, 12, 15];

/** Signals wait, beyond an exec too, until there are handlers for them. */
export function holdSignals(...others: number[]): void {
  mask(SIG_BLOCK, [...handled, ...others]);
}

/** To be called on the thread that held them, or what it has executed. */
export const releaseSignals = (): void => mask(SIG_UNBLOCK, handled);

function mask(how: number, signals: readonly number[]): void {
  const set = new Uint8Array(new ArrayBuffer(signalSetBytes));
  for (const signal of signals) set[signal - 1 >> 3] |= 1 << (signal - 1 & 7);
  libc().pthread_sigmask(how, set, null);
}
