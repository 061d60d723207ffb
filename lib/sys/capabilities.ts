/**
 * Capabilities (capabilities(7)) are each thread's own: what is called here
 * concerns the calling thread, which is the one that starts programs, and what
 * this process executes in its own place.
 *
 * @module
 */
import { check, libc } from "./libc.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
/** Three sets of 64 bits, in two halves each (linux/capability.h). */
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
const headerBytes = 8;
const halfWords = 3;

export const CAP_KILL = 5;
export const CAP_SETGID = 6;
export const CAP_SETUID = 7;
export const CAP_SETPCAP = 8;
export const CAP_NET_BIND_SERVICE = 10;

const bothIds = 1n << BigInt(CAP_SETGID) | 1n << BigInt(CAP_SETUID);
/**
 * For a process that root starts, that becomes nobody, and that root is to be
 * able to end all the same.
 */
export const processOfNobody = bothIds | 1n << BigInt(CAP_KILL);
/** What root does to files of others: CAP_CHOWN to CAP_FOWNER, and both ids. */
export const filesOfOthers = 0b1111n | bothIds;

/** What a thread has; a bit for each capability, the first is 0. */
export interface Capabilities {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

/** Those of this thread. Throws SystemError. */
export function ownCapabilities(): Capabilities {
  const words = new Uint32Array(new ArrayBuffer(2 * halfWords * 4));
  const bytes = new Uint8Array(words.buffer);
  check("capget", libc().capget(header(), bytes));
  const set = (at: number) =>
    BigInt(words[at]) | BigInt(words[at + halfWords]) << 32n;
  return { effective: set(0), permitted: set(1), inheritable: set(2) };
}

/**
 * Nothing that is executed from now on is more than we are, set-uid or not.
 * There is no way back. Throws SystemError.
 */
export function forbidNewPrivileges(): void {
  check("prctl", libc().prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n));
}

/**
 * Nothing ambient reaches what is executed from now on. A kernel that has no
 * ambient set (before 4.3) has nothing to clear.
 */
export function clearAmbient(): void {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
}

/**
 * No file that is executed from now on gives capabilities, set-uid root or not.
 * To be called before the user id is given up: it takes CAP_SETPCAP.
 *
 * @param kept but for these; a bit for each
 * @returns false where that is missing: the set is as it was
 */
export function dropBounding(kept = 0n): boolean {
  for (
    let each = 0;
    prctl(PR_CAPBSET_READ, each) >= 0;
    each++
  ) {
    if (kept >> BigInt(each) & 1n) continue;
    if (prctl(PR_CAPBSET_DROP, each) < 0) return false;
  }
  return true;
}

/**
 * Gives up the ambient set, the inheritable one, and of the effective and the
 * permitted one all but `kept`.
 *
 * @param kept a bit for each capability
 * @throws SystemError
 */
export function keepOnly(kept: bigint): void {
  clearAmbient();
  const { effective, permitted } = ownCapabilities();
  const words = new Uint32Array(new ArrayBuffer(2 * halfWords * 4));
  for (const [at, set] of [effective & kept, permitted & kept].entries()) {
    words[at] = Number(set & 0xffff_ffffn);
    words[at + halfWords] = Number(set >> 32n);
  }
  check("capset", libc().capset(header(), new Uint8Array(words.buffer)));
}

/** Gives up all of them, for good. Throws SystemError. */
export const dropAll = (): void => keepOnly(0n);

/** The calls that take one word; the kernel wants the others to be 0. */
const prctl = (option: number, word: number): number =>
  libc().prctl(option, BigInt(word), 0n, 0n, 0n);

/** struct __user_cap_header_struct; process 0 is the calling thread. */
function header(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(headerBytes));
  new DataView(bytes.buffer).setUint32(0, LINUX_CAPABILITY_VERSION_3, true);
  return bytes;
}
