/**
 * A database that is made to be used at once, without a file.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import type { CdbOutput } from "./writer.ts";

export class MemoryOutput implements CdbOutput {
  readonly #pieces: Uint8Array[] = [];
  #beginning = new Uint8Array();

  append(bytes: Uint8Array): void {
    this.#pieces.push(bytes.slice());
  }

  begin(bytes: Uint8Array): void {
    this.#beginning = bytes.slice();
  }

  /** The whole database. */
  bytes(): Uint8Array<ArrayBuffer> {
    const all = concat(this.#pieces);
    all.set(this.#beginning);
    return all;
  }
}
