/**
 * A connection between accept and whoever serves it.
 *
 * @module
 */
import type { RawConnection } from "../sys/listener.ts";
import { closeDescriptor } from "../sys/descriptors.ts";
import type { Ends } from "./proxy.ts";

export class Client {
  /** What the log calls it: a pid, or what stands for one. */
  number: number | null = null;
  /** Whose connection it is, once that is counted. */
  entered: Ends | null = null;
  /** Nobody here waits for it any more; it may be a program's by then. */
  isHere = true;
  /** It takes no slot any more. */
  isGone = false;
  /** Its descriptor belongs to somebody else, or is closed. */
  #isTaken = false;

  constructor(readonly conn: RawConnection) {}

  /** The descriptor, for whoever closes it from now on. */
  take(): number {
    this.#isTaken = true;
    return this.conn.fd;
  }

  close(): void {
    if (!this.#isTaken) closeDescriptor(this.take());
  }
}
