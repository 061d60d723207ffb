/**
 * A connection as an SMTP session needs it: plain, encrypted, or descriptors 0
 * and 1.
 *
 * @module
 */
export interface Stream {
  /** Resolves to the number of bytes read, null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  /** Resolves when what was written has been handed on. */
  close(): void | Promise<void>;
}

/** Writes all bytes. */
export async function writeAll(
  stream: Pick<Stream, "write">,
  bytes: Uint8Array,
): Promise<void> {
  while (bytes.length > 0) {
    bytes = bytes.subarray(await stream.write(bytes));
  }
}
