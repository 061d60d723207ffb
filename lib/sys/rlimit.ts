/**
 * How many descriptors this process may have.
 *
 * @module
 */
import { check, libc } from "./libc.ts";

const RLIMIT_NOFILE = 7;

/** struct rlimit: two rlim_t of 64 bits; RLIM_INFINITY is all ones. */
const limits = new BigUint64Array(new ArrayBuffer(16));
const limitsBytes = new Uint8Array(limits.buffer);

/** What may be used now, and what it can be raised to. */
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
