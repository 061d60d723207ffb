/**
 * `--pidfile`: there while the gate is ready, and gone (or empty) after it.
 * A file that is there already is replaced, whatever it says; what is no file
 * is left alone.
 *
 * @module
 */

import { closeDescriptor } from "../sys/descriptors.ts";
import {
  createFile,
  cString,
  emptyFile,
  FileStatus,
  writeFile,
} from "../sys/files.ts";

/** One that is published already, for what is executed in our place. */
export interface PidfileState {
  readonly path: string;
  readonly fd: number;
}

export class Pidfile {
  /** Kept open: after the drop of ids it could not be opened again. */
  #fd: number | null = null;
  /**
   * A new file, so that nobody reads a half-written one, of a name that nobody
   * can have taken.
   */
  readonly #temporary: string;

  /** @param path null for none: then nothing is done */
  constructor(readonly path: string | null) {
    this.#temporary = `${path}.${crypto.randomUUID()}`;
  }

  /** One that was published before an exec. */
  static again({ path, fd }: PidfileState): Pidfile {
    const pidfile = new Pidfile(path);
    pidfile.#fd = fd;
    return pidfile;
  }

  /** null for none. */
  get state(): PidfileState | null {
    const { path } = this;
    return path === null || this.#fd === null ? null : { path, fd: this.#fd };
  }

  /**
   * Writes the process id, but not yet under the path, where another gate's
   * may still be. Throws SystemError.
   */
  prepare(): void {
    if (this.path === null) return;
    this.#fd = createFile(this.#temporary, 0o644);
    writeFile(this.#fd, new TextEncoder().encode(`${Deno.pid}\n`));
    refuseOthers(this.path);
  }

  /** Call it only when the port is ours. Throws Deno's errors. */
  publish(): void {
    if (this.path !== null) Deno.renameSync(this.#temporary, this.path);
  }

  /** Leaves nothing behind, however far it came. */
  remove(): void {
    if (this.path === null || this.#fd === null) return;
    try {
      emptyFile(this.#fd);
      const ours = new FileStatus().ofDescriptor(this.#fd);
      for (const path of [this.#temporary, this.path]) {
        if (isSame(path, ours)) Deno.removeSync(path);
      }
    } catch {
      // The dropped ids may not: an empty file names nobody.
    }
    closeDescriptor(this.#fd);
    this.#fd = null;
  }
}

/** A rename would replace /dev/null too. A link is replaced, not followed. */
function refuseOthers(path: string): void {
  let there: Deno.FileInfo;
  try {
    there = Deno.lstatSync(path);
  } catch {
    return; // there is none; else the rename tells what is wrong
  }
  if (there.isDirectory) throw new Deno.errors.IsADirectory("is a directory");
  if (!there.isFile && !there.isSymlink) throw new Error("is no regular file");
}

function isSame(path: string, ours: FileStatus): boolean {
  try {
    return new FileStatus().ofPath(cString(path)).isSame(ours);
  } catch {
    return false;
  }
}
