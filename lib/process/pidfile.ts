/**
 * `--pidfile`: says who the gate is while it is ready, and is gone (or empty)
 * after it. It is empty before as well where that is the last moment in which
 * its folder may be written to.
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
import { rewriteFile } from "../sys/handed_files.ts";

/** One that is claimed already, for what is executed in our place. */
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
  /** Whether the file is under its path, though it is empty. */
  #isClaimed = false;

  /** @param path null for none: then nothing is done */
  constructor(readonly path: string | null) {
    this.#temporary = `${path}.${crypto.randomUUID()}`;
  }

  /** One that was claimed before an exec. */
  static again({ path, fd }: PidfileState): Pidfile {
    const pidfile = new Pidfile(path);
    pidfile.#fd = fd;
    pidfile.#isClaimed = true;
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
    writeFile(this.#fd, ourId());
    refuseOthers(this.path);
  }

  /**
   * Puts the file where it belongs, but for what it says. Call it only when the
   * port is ours, and where {@linkcode publish} will have no right to do so.
   * Throws SystemError and Deno's errors.
   */
  claim(): void {
    if (this.path === null || this.#fd === null) return;
    emptyFile(this.#fd);
    Deno.renameSync(this.#temporary, this.path);
    this.#isClaimed = true;
  }

  /** Call it only when the gate serves. Throws SystemError and Deno's errors. */
  publish(): void {
    if (this.path === null || this.#fd === null) return;
    if (this.#isClaimed) rewriteFile(this.#fd, ourId());
    else Deno.renameSync(this.#temporary, this.path);
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

const ourId = () => new TextEncoder().encode(`${Deno.pid}\n`);

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
