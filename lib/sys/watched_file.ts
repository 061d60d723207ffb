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

/** What was made of a file's bytes, or why nothing was. */
type Parsed<T> =
  | { readonly type: "good"; readonly contents: T }
  | { readonly type: "bad"; readonly error: unknown };

export class WatchedFile<T> {
  readonly #path: Uint8Array<ArrayBuffer>;
  readonly #now = new FileStatus();
  /** What the file was whose bytes were read. */
  readonly #read = new FileStatus();
  /** null if the file is to be read whatever it is. */
  #known: Parsed<T> | null = null;

  /**
   * @param parse makes of its bytes what is asked for; may throw. Its result
   *   holds until the file is another one, the error too: to find that a large
   *   file is damaged takes as long as to find that it is not.
   */
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
   * @throws SystemError, or what parse throws
   */
  contents(): T {
    const known = this.#known;
    this.#known = null;
    const now = this.#now.ofPath(this.#path);
    // To open a FIFO would be to wait for somebody who writes to it.
    if (!now.isFile) throw new Error("not a regular file");
    const parsed = known !== null && now.isSame(this.#read)
      ? this.#known = known
      : this.#load();
    if (parsed.type === "bad") throw parsed.error;
    return parsed.contents;
  }

  #load(): Parsed<T> {
    const fd = openFile(this.#path);
    try {
      const { size, changedMs } = this.#read.ofDescriptor(fd);
      const parsed = this.#parsed(readFile(fd, size));
      // Both by the wall clock, as a file's times are; when that is set, the
      // file is read once more at most.
      const age = Date.now() - changedMs;
      // For a RangeError there was no memory, which may be there next time.
      const lasting = parsed.type === "good" ||
        !(parsed.error instanceof RangeError);
      if (lasting && Math.abs(age) >= settledMs) this.#known = parsed;
      return parsed;
    } finally {
      closeDescriptor(fd);
    }
  }

  #parsed(bytes: Uint8Array<ArrayBuffer>): Parsed<T> {
    try {
      return { type: "good", contents: this.parse(bytes) };
    } catch (error) {
      // It is thrown by whoever asks for the contents.
      return { type: "bad", error };
    }
  }
}
