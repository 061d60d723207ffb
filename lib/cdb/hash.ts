/**
 * The hash of the constant database format (cr.yp.to/cdb/cdb.txt).
 *
 * @module
 */

/** The hash of no bytes. */
export const hashStart = 5381;

/**
 * The hash of the bytes so far, and one more: as a signed number, which loops
 * are faster with; `>>> 0` makes it what files have.
 */
export function hashByte(hash: number, byte: number): number {
  return ((hash << 5) + hash) ^ byte;
}

/** The hash of a range of bytes, 32 bits unsigned. */
export function hashRange(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let hash = hashStart;
  for (let i = start; i < end; i++) hash = hashByte(hash, bytes[i]);
  return hash >>> 0;
}
