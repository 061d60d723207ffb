/**
 * Files that an administrator has named, for whoever reads them whole.
 *
 * @module
 */
import { reason } from "../base/reason.ts";

/** To open a FIFO would be to wait, with everybody else, for who writes to it. */
class FifoError extends Error {
  constructor() {
    super("it is a FIFO");
  }
}

/** Its bytes. @throws Error that {@linkcode whyUnreadable} has words for */
export function readNamedFile(path: string): Uint8Array<ArrayBuffer> {
  if (Deno.statSync(path).isFifo) throw new FifoError();
  return Deno.readFileSync(path);
}

export function whyUnreadable(error: unknown): string {
  return error instanceof FifoError ? error.message : reason(error);
}
