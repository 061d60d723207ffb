/**
 * What a process takes from itself, for good, before it works for a stranger.
 *
 * @module
 */
import { forbidNewPrivileges } from "./capabilities.ts";
import { dropGroup, dropUser } from "./ids.ts";
import { closeInherited } from "./inherited.ts";
import { check, libc } from "./libc.ts";
import { lowerLimit } from "./rlimit.ts";
import { outliveLimits } from "./signals.ts";

const PRIO_PROCESS = 0;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

const ITIMER_PROF = 2;
/** struct itimerval: interval and value, each of seconds and microseconds. */
const timer = new BigInt64Array(new ArrayBuffer(32));
const timerBytes = new Uint8Array(timer.buffer);

/** Whoever owns nothing, by a convention as old as NFS. */
const nobody = 65_534;
/** What a runtime takes where there is no /proc to say it. */
const usualDataBytes = 1 << 30;
const pageBytes = 4096;
/** In /proc/self/statm: what may be written to, stacks included. */
const dataPages = 5;

/** What it had when it was bound, and may have more. */
let dataBefore = 0, dataAllowed = Infinity;

export interface Restraint {
  /** Of memory, beside what it has by now. */
  readonly memoryBytes: number;
  /** The descriptors above 2 that came through the exec and are meant. */
  readonly descriptors: readonly number[];
}

/**
 * Bounds this process: memory, no file written, no core, what is left of the
 * processor, no descriptor that nobody meant, not root, and an end with its
 * parent, busy or not. The system refuses nobody to lower what he has.
 *
 * @throws SystemError
 */
export function restrain({ memoryBytes, descriptors }: Restraint): void {
  closeInherited(descriptors);
  outliveLimits();
  leaveRoot(); // first: a change of ids undoes the last of these
  dataBefore = ownData();
  dataAllowed = memoryBytes;
  lowerLimit("RLIMIT_DATA", dataBefore + memoryBytes);
  lowerLimit("RLIMIT_FSIZE", 0);
  lowerLimit("RLIMIT_CORE", 0);
  check("setpriority", libc().setpriority(PRIO_PROCESS, 0, niceness));
  // Of this thread, which is the one that could execute something.
  forbidNewPrivileges();
  const killed = BigInt(SIGKILL);
  check("prctl", libc().prctl(PR_SET_PDEATHSIG, killed, 0n, 0n, 0n));
}

/** Some 40% of what others have on a busy machine. */
const niceness = 4;

function leaveRoot(): void {
  if (Deno.uid() !== 0) return;
  try {
    dropGroup(nobody, true);
    dropUser(nobody);
  } catch {
    // A namespace with no id but root's, where that is nobody outside.
  }
}

/** Whether most of what it was left is taken. */
export function isShortOfMemory(): boolean {
  return ownData() - dataBefore > 0.75 * dataAllowed;
}

function ownData(): number {
  try {
    const statm = Deno.readTextFileSync("/proc/self/statm").split(" ");
    return Number(statm[dataPages]) * pageBytes;
  } catch {
    return usualDataBytes; // there is no /proc
  }
}

/**
 * From now on this process, all its threads together, may use so much of the
 * processor; then the kernel ends it (SIGPROF), whatever it does. 0 is without
 * bound.
 */
export function allowProcessor(milliseconds: number): void {
  timer[2] = BigInt(Math.floor(milliseconds / 1000));
  timer[3] = BigInt(milliseconds % 1000 * 1000);
  libc().setitimer(ITIMER_PROF, timerBytes, null);
}
