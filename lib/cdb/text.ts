/**
 * The text form of a database, which cdbdump prints and cdbmake reads:
 * `+klen,dlen:key->data` and a newline for each record, and an empty line at
 * the end.
 *
 * @module
 */
import type { CdbReader } from "./reader.ts";
import type { CdbWriter } from "./writer.ts";

const arrow = new TextEncoder().encode("->");
const newline = new TextEncoder().encode("\n");

/** cdbdump's output, piece by piece. */
export function* dump(cdb: CdbReader): Generator<Uint8Array> {
  const ascii = new TextEncoder();
  for (const [key, data] of cdb.entries()) {
    yield ascii.encode(`+${key.length},${data.length}:`);
    yield key;
    yield arrow;
    yield data;
    yield newline;
  }
  yield newline;
}

/** A text that is not of this form; `record` is counted from 1. */
export class CdbTextError extends Error {
  override readonly name = "CdbTextError";

  constructor(readonly record: number, readonly expected: string) {
    super(`record ${record}: expected ${expected}`);
  }
}

/** No record can be longer: positions in a cdb are 32 bits. */
const lengthLimit = 2 ** 32;

/**
 * Adds every record of cdbmake's input.
 *
 * @param blocks the text, in pieces of any size
 * @throws CdbTextError, CdbError past 4 GiB
 */
export function make(blocks: Iterable<Uint8Array>, cdb: CdbWriter): void {
  const bytes = new ByteSource(blocks);
  for (let record = 1;; record++) {
    const fail = (expected: string) => new CdbTextError(record, expected);
    const number = (terminator: string) => {
      let digits = "";
      for (;;) {
        const byte = bytes.next();
        const character = byte === null ? "" : String.fromCharCode(byte);
        if (character === terminator && digits !== "") return Number(digits);
        if (!/^\d$/.test(character)) throw fail(`a length and ${terminator}`);
        digits += character;
        if (Number(digits) >= lengthLimit) throw fail("less than 4 GiB");
      }
    };
    const literally = (text: Uint8Array, what: string) => {
      for (const byte of text) if (bytes.next() !== byte) throw fail(what);
    };
    const start = bytes.next();
    if (start === newline[0]) return;
    if (start !== 0x2b) throw fail("+ or the empty line at the end");
    const keyLength = number(","), dataLength = number(":");
    const key = bytes.take(keyLength);
    if (!key) throw fail(`a key of ${keyLength} bytes`);
    literally(arrow, "-> after the key");
    const data = bytes.take(dataLength);
    if (!data) throw fail(`data of ${dataLength} bytes`);
    literally(newline, "a newline after the data");
    cdb.add(key, data);
  }
}

/** Blocks as one stream of bytes. */
class ByteSource {
  readonly #blocks: Iterator<Uint8Array>;
  #block: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(blocks: Iterable<Uint8Array>) {
    this.#blocks = blocks[Symbol.iterator]();
  }

  /** The next byte; null at the end. */
  next(): number | null {
    return this.#fill() ? this.#block[this.#at++] : null;
  }

  /** As many bytes; null when there are fewer. Grows only as they come. */
  take(count: number): Uint8Array | null {
    let taken = new Uint8Array(Math.min(count, 65536)), length = 0;
    while (length < count) {
      if (!this.#fill()) return null;
      const piece = this.#block.subarray(this.#at, this.#at + count - length);
      if (length + piece.length > taken.length) {
        const size = Math.max(length + piece.length, taken.length * 2);
        const larger = new Uint8Array(Math.min(count, size));
        larger.set(taken);
        taken = larger;
      }
      taken.set(piece, length);
      length += piece.length;
      this.#at += piece.length;
    }
    return taken;
  }

  #fill(): boolean {
    while (this.#at === this.#block.length) {
      const { value, done } = this.#blocks.next();
      if (done) return false;
      this.#block = value;
      this.#at = 0;
    }
    return true;
  }
}
