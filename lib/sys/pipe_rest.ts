/**
 * What is left in a pipe when whoever was to read it has ended.
 *
 * @module
 */
import { closeDescriptor } from "./descriptors.ts";
import { codeOf } from "../base/reason.ts";
import { cString } from "./files.ts";
import { check, libc } from "./libc.ts";
import { O_CLOEXEC, O_NONBLOCK } from "./numbers.ts";

const FIONREAD = 0x541bn;

/** A pipe that is written, and of which it is to be known whether it is read. */
export class PipeRest {
  /** -1 where there is no /proc: then nobody can tell. */
  readonly #fd: number;

  /**
   * To be made when all has been written, and before that end is closed: while
   * this one is open, a write would not hear that nobody reads any more.
   *
   * @param fd the end that is written
   * @throws SystemError where there is no descriptor for it
   */
  constructor(fd: number) {
    const path = cString(`/proc/self/fd/${fd}`);
    try {
      const flags = O_NONBLOCK | O_CLOEXEC;
      this.#fd = check("open", libc().open(path, flags));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      this.#fd = -1;
    }
  }

  /** Bytes that nobody has read; to be asked once. */
  take(): number {
    if (this.#fd < 0) return 0;
    const count = new Int32Array(1);
    libc().ioctl(this.#fd, FIONREAD, new Uint8Array(count.buffer));
    closeDescriptor(this.#fd);
    return count[0];
  }
}
