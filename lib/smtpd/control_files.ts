/**
 * The files in a control directory, as they are at one moment.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import { readNamedFile } from "../sys/named_file.ts";

export class ControlFiles {
  /** null if the directory may not be listed; its files may be there then. */
  readonly #names: ReadonlySet<string> | null;
  /** Whether there is a directory at all. */
  readonly present: boolean;
  /** On performance.now()'s clock, which nobody sets. */
  readonly seenAt = performance.now();

  /** Most of the files are not there: the directory is asked once for all. */
  constructor(readonly folder: string) {
    const names = new Set<string>();
    try {
      for (const { name } of Deno.readDirSync(folder)) names.add(name);
      this.#names = names;
      this.present = true;
    } catch (error) {
      this.present = !isMissing(error);
      this.#names = this.present ? null : names;
    }
  }

  /** null if the directory does not have the file. */
  pathOf(file: string): string | null {
    return this.#names?.has(file) ? `${this.folder}/${file}` : null;
  }

  /** Whether it is known that the directory does not have the file. */
  lacks(file: string): boolean {
    return this.#names !== null && !this.#names.has(file);
  }

  /** null if the file is missing; any other failure throws. */
  bytes(file: string): Uint8Array | null {
    if (this.lacks(file)) return null;
    try {
      return readNamedFile(`${this.folder}/${file}`);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** The whole file as a byte string. */
  text(file: string): string | null {
    const bytes = this.bytes(file);
    return bytes && fromBytes(bytes);
  }

  /** Its first line, trailing blanks cut. */
  line(file: string): string | null {
    const text = this.text(file);
    return text && text.split("\n", 1)[0].replace(/[ \t]+$/, "");
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ENOENT" || code === "ENOTDIR";
}
