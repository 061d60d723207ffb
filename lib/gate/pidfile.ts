/**
 * `--pidfile`: there while the gate is ready, and gone (or empty) after it.
 *
 * @module
 */

export class Pidfile {
  /** Kept open: after the drop of ids it could not be opened again. */
  readonly #file: Deno.FsFile;

  /** Call it only when the port is ours: the old owner's pid is in it. */
  constructor(readonly path: string) {
    // A new file, so that nobody reads a half-written one.
    const temporary = `${path}.${Deno.pid}`;
    this.#file = Deno.openSync(temporary, {
      write: true,
      create: true,
      truncate: true,
      mode: 0o644,
    });
    this.#file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    Deno.renameSync(temporary, path);
  }

  remove(): void {
    this.#file.truncateSync(0);
    try {
      const ours = this.#file.statSync(), there = Deno.lstatSync(this.path);
      if (there.ino === ours.ino && there.dev === ours.dev) {
        Deno.removeSync(this.path);
      }
    } catch {
      // The dropped ids may not: an empty file names nobody.
    }
    this.#file.close();
  }
}
