/**
 * fixcrio: a CR in front of each LF that has none, both ways.
 *
 * @module
 */
import type { Lens } from "./layer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const CR = 13, LF = 10;

/** A CR at the end of what came first counts for an LF that comes later. */
class Fixer {
  #hasCr = false;

  readonly fix = (bytes: Bytes): Bytes => {
    const missing = this.#missing(bytes);
    const hadCr = this.#hasCr;
    if (bytes.length > 0) this.#hasCr = bytes[bytes.length - 1] === CR;
    if (missing === 0) return bytes;
    const fixed = new Uint8Array(bytes.length + missing);
    let at = 0, before = hadCr ? CR : 0;
    for (const byte of bytes) {
      if (byte === LF && before !== CR) fixed[at++] = CR;
      fixed[at++] = before = byte;
    }
    return fixed;
  };

  #missing(bytes: Bytes): number {
    let missing = 0;
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
      const hasCr = at > 0 ? bytes[at - 1] === CR : this.#hasCr;
      if (!hasCr) missing++;
    }
    return missing;
  }
}

/** What is encrypted is left alone, and what comes of it is mended again. */
export const crFixer = (): Lens => ({
  received: new Fixer().fix,
  written: new Fixer().fix,
  again: crFixer,
});
