/**
 * What tcprules makes of a text, as it is recorded.
 *
 * @module
 */

/** Of the text, and of the database; or the exit code of a refusal. */
export type RecordedCorner = readonly [text: string, made: string | number];

/** Enough of a hash to tell a hundred databases apart. */
export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash.subarray(0, 8)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
