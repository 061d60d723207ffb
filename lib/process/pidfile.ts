/**
 * `--pidfile`: there while the gate is ready, and gone (or empty) after it.
 * A file that is there already is replaced, whatever it says; what is no file
 * is left alone.
 *
 * @module
 */

export class Pidfile {
  /** Kept open: after the drop of ids it could not be opened again. */
  #file: Deno.FsFile | undefined;
  /**
   * A new file, so that nobody reads a half-written one, of a name that nobody
   * can have taken.
   */
  readonly #temporary: string;

  /** @param path null for none: then nothing is done */
  constructor(readonly path: string | null) {
    this.#temporary = `${path}.${crypto.randomUUID()}`;
  }

  /**
   * Writes the process id, but not yet under the path, where another gate's
   * may still be. Throws Deno's errors.
   */
  prepare(): void {
    if (this.path === null) return;
    this.#file = Deno.openSync(this.#temporary, {
      write: true,
      createNew: true,
      mode: 0o644,
    });
    this.#file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    refuseOthers(this.path);
  }

  /** Call it only when the port is ours. Throws Deno's errors. */
  publish(): void {
    if (this.path !== null) Deno.renameSync(this.#temporary, this.path);
  }

  /** Leaves nothing behind, however far it came. */
  remove(): void {
    if (this.path === null || !this.#file) return;
    try {
      this.#file.truncateSync(0);
      const ours = this.#file.statSync();
      for (const path of [this.#temporary, this.path]) {
        if (isSame(path, ours)) Deno.removeSync(path);
      }
    } catch {
      // The dropped ids may not: an empty file names nobody.
    }
    this.#file.close();
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

function isSame(path: string, { dev, ino }: Deno.FileInfo): boolean {
  try {
    const there = Deno.lstatSync(path);
    return there.ino === ino && there.dev === dev;
  } catch {
    return false;
  }
}
