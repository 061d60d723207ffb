/**
 * What a file says, although it may be replaced at any time.
 *
 * @module
 */
import { closeDescriptor } from "./descriptors.ts";
import { cString, FileStatus, openFile, readFile } from "./files.ts";

/**
 * A file that changed this lately may change again and look the same, since
 * the kernel's clock for files is coarse (4 ms): it is read again next time.
 */
const settledMs = 20;

export class WatchedFile<T> {
  readonly #path: Uint8Array<ArrayBuffer>;
  readonly #now = new FileStatus();
  /** What the file was whose bytes were read. */
  readonly #read = new FileStatus();
  /** null if the file is to be read whatever it is. */
  #known: { readonly contents: T } | null = null;

  /** @param parse makes of its bytes what is asked for; may throw */
  constructor(
    path: string,
    readonly parse: (bytes: Uint8Array<ArrayBuffer>) => T,
  ) {
    this.#path = cString(path);
  }

  /**
   * What it says now. Looks at its identity at each call, at its bytes only if
   * they are new.
   *
   * @throws SystemError, or what parse throws; it is read again next time then
   */
  contents(): T {
    const known = this.#known;
    this.#known = null;
    const now = this.#now.ofPath(this.#path);
    // To open a FIFO would be to wait for somebody who writes to it.
    if (!now.isFile) throw new Error("not a regular file");
    if (known === null || !now.isSame(this.#read)) return this.#load();
    this.#known = known;
    return known.contents;
  }

  #load(): T {
    const fd = openFile(this.#path);
    try {
      const { size, changedMs } = this.#read.ofDescriptor(fd);
      const contents = this.parse(readFile(fd, size));
      const age = Date.now() - changedMs;
      if (Math.abs(age) >= settledMs) this.#known = { contents };
      return contents;
    } finally {
      closeDescriptor(fd);
    }
  }
}
