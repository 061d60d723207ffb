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

/** A device other than /dev/null may never end. */
class DeviceError extends Error {
  constructor() {
    super("it is a device");
  }
}

/** makedev(1, 3). */
const nullDevice = 0x103;

/** Its bytes. @throws Error that {@linkcode whyUnreadable} has words for */
export function readNamedFile(path: string): Uint8Array<ArrayBuffer> {
  const { isFifo, isCharDevice, rdev } = Deno.statSync(path);
  if (isFifo) throw new FifoError();
  if (isCharDevice && rdev !== nullDevice) throw new DeviceError();
  return Deno.readFileSync(path);
}

export function whyUnreadable(error: unknown): string {
  return error instanceof FifoError || error instanceof DeviceError
    ? error.message
    : reason(error);
}
