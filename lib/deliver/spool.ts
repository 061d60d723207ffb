/**
 * A message that is kept until all of it has been seen: in memory while it is
 * small, then in a file that has no name any more, so that nothing of it can
 * be left behind.
 *
 * @module
 */
import { concat, textOf } from "../base/bytes.ts";
import type { NeededFolder } from "../base/reach.ts";

/** Where they are, by the environment of a session: a path. */
export const spoolFolder = (
  env: { get(name: string): string | undefined },
): string => textOf(env.get("TMPDIR") ?? "/tmp");

/** What of the machine those need that are there. */
export const spoolReach = (path: string): NeededFolder => ({
  ...{ path, isMade: false, isMadeAnew: false, isOthers: false },
});

const memoryBytesLimit = 65536;
const chunkBytes = 65536;

/** A place in the file for each of two readers, and one for the writer. */
export const spoolDescriptors = 3;

export class Spool {
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #pieceBytes = 0;
  #files: { write: Deno.FsFile; read: Deno.FsFile[] } | undefined;
  #failure: unknown;
  #closed = false;

  /**
   * @param folder where a file is made when it is needed
   * @param readersLimit how many can read it at once
   */
  constructor(readonly folder: string, readonly readersLimit: number) {}

  /** A failure is remembered, and thrown when it is read. */
  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    if (this.#failure) return;
    this.#pieces.push(bytes);
    this.#pieceBytes += bytes.length;
    if (this.#pieceBytes > memoryBytesLimit) return this.#spill();
  }

  async #spill(): Promise<void> {
    let bytes: Uint8Array = concat(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    try {
      const files = this.#files ?? await this.#open();
      this.#files = files;
      if (this.#closed) return this.close();
      while (bytes.length > 0) {
        bytes = bytes.subarray(await files.write.write(bytes));
      }
    } catch (error) {
      this.#failure = error;
    }
  }

  async #open() {
    const path = await Deno.makeTempFile({
      dir: this.folder,
      prefix: "spool-",
    });
    const opened: Deno.FsFile[] = [];
    try {
      const write = await Deno.open(path, { write: true });
      opened.push(write);
      // Each has a place in the file of its own.
      for (let i = 0; i < this.readersLimit; i++) {
        opened.push(await Deno.open(path));
      }
      return { write, read: opened.slice(1) };
    } catch (error) {
      for (const file of opened) file.close();
      throw error;
    } finally {
      await Deno.remove(path);
    }
  }

  /** All bytes from the first on; nothing may be appended afterwards. */
  async *read(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    if (this.#files && this.#pieceBytes > 0) await this.#spill();
    if (this.#failure) throw this.#failure;
    if (!this.#files) {
      // A client can make its pieces as small as it likes.
      this.#pieces = [concat(this.#pieces)];
      yield this.#pieces[0];
      return;
    }
    const file = this.#files.read.pop();
    if (!file) throw new Error("read by too many at once");
    try {
      for (;;) {
        const buffer = new Uint8Array(chunkBytes);
        const n = await file.read(buffer);
        if (n === null) return;
        yield buffer.subarray(0, n);
      }
    } finally {
      if (this.#closed) file.close();
      else {
        file.seekSync(0, Deno.SeekMode.Start); // may be read again
        this.#files.read.push(file);
      }
    }
  }

  /** Forgets everything. A reader that has begun goes on. */
  close(): void {
    this.#closed = true;
    this.#pieces = [];
    const files = this.#files;
    this.#files = undefined;
    if (files) {
      for (const file of [files.write, ...files.read]) {
        file.close();
      }
    }
  }
}
