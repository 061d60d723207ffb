/**
 * What the system lets this process have (setrlimit(2)).
 *
 * @module
 */
import { check, libc } from "./libc.ts";

const RLIMIT_NOFILE = 7;
const resources = { RLIMIT_FSIZE: 1, RLIMIT_DATA: 2, RLIMIT_CORE: 4 } as const;

/** struct rlimit: two rlim_t of 64 bits; RLIM_INFINITY is all ones. */
const limits = new BigUint64Array(new ArrayBuffer(16));
const limitsBytes = new Uint8Array(limits.buffer);

/** Of descriptors: what may be used now, and what it can be raised to. */
export function descriptorLimit(): { soft: number; hard: number } {
  check("getrlimit", libc().getrlimit(RLIMIT_NOFILE, limitsBytes));
  return { soft: Number(limits[0]), hard: Number(limits[1]) };
}

/** @returns the soft limit from now on: the old one if it was refused */
export function raiseDescriptorLimit(soft: number): number {
  const before = descriptorLimit();
  limits[0] = BigInt(soft);
  return libc().setrlimit(RLIMIT_NOFILE, limitsBytes) === 0
    ? soft
    : before.soft;
}

/** For good. Throws SystemError. */
export function lowerLimit(name: keyof typeof resources, most: number): void {
  limits.fill(BigInt(most));
  check(name, libc().setrlimit(resources[name], limitsBytes));
}
