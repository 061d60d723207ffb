/**
 * The hash of the constant database format (cr.yp.to/cdb/cdb.txt).
 *
 * @module
 */

/** The hash of no bytes. */
export const hashStart = 5381;

/** The hash of the bytes so far, and one more. */
export function hashByte(hash: number, byte: number): number {
  return (((hash << 5) + hash) ^ byte) >>> 0;
}

/** The hash of a range of bytes, 32 bits unsigned. */
export function hashRange(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let hash = hashStart;
  for (let i = start; i < end; i++) hash = ((hash << 5) + hash) ^ bytes[i];
  return hash >>> 0;
}
