/**
 * The lines that large rules files are made of, from text to record in one
 * pass: an IPv4 address or prefix, allow or deny, variables in quotes. A line
 * that is anything else, or wrong, or cut off, is left to the grammar, which
 * gives these the same meaning. A million rules compile in half the time.
 *
 * @module
 */
import { hashByte, hashStart } from "../cdb/hash.ts";
import { type CdbWriter, recordBytes } from "../cdb/writer.ts";
import type { PlainLines } from "./grammar.ts";

const [LF, TAB, SPACE, COMMA, DOT, COLON, EQUALS, PLUS] = [
  ..."\n\t ,.:=+",
].map((character) => character.charCodeAt(0));
const [ZERO, NINE, A, D] = [..."09aD"].map((c) => c.charCodeAt(0));
const [L, O, W, E, N, Y] = [..."loweny"].map((c) => c.charCodeAt(0));
const lowerD = "d".charCodeAt(0);

export class PlainRules implements PlainLines {
  count = 0;

  constructor(readonly cdb: CdbWriter) {}

  take(block: Uint8Array, start: number): number {
    while (start < block.length) {
      const next = this.#line(block, start);
      if (next < 0) break;
      this.count++;
      start = next;
    }
    return start;
  }

  /** Where the next line starts; -1 if this one is not plain. */
  #line(block: Uint8Array, start: number): number {
    const { cdb } = this, out = cdb.buffer, key = cdb.reserve();
    // A record is no longer than its line, and a line that may be cut off is
    // not looked at beyond the block.
    const end = Math.min(block.length, start + recordBytes) - 1;
    let at = start, to = key, hash = hashStart, byte = 0;
    for (; at < end; at++) {
      byte = block[at];
      if (byte !== DOT && (byte < ZERO || byte > NINE)) break;
      hash = hashByte(hash, out[to++] = byte);
    }
    if (byte !== COLON || at + 6 > end) return -1;
    const data = to;
    if (
      block[at + 1] === A && block[at + 2] === L && block[at + 3] === L &&
      block[at + 4] === O && block[at + 5] === W
    ) at += 6;
    else if (
      block[at + 1] === lowerD && block[at + 2] === E &&
      block[at + 3] === N && block[at + 4] === Y
    ) {
      at += 5;
      out[to++] = D;
      out[to++] = 0;
    } else return -1;
    while (block[at] === COMMA) {
      out[to++] = PLUS;
      do {
        if (++at >= end) return -1;
        byte = block[at];
        if (byte === LF) return -1;
        out[to++] = byte;
      } while (byte !== EQUALS);
      const quote = block[++at];
      if (quote === LF || quote === TAB || quote === SPACE) return -1;
      for (;;) {
        if (++at >= end) return -1;
        byte = block[at];
        if (byte === quote) break;
        if (byte === LF) return -1;
        out[to++] = byte;
      }
      out[to++] = 0;
      at++;
    }
    if (block[at] !== LF) return -1;
    cdb.commit(data - key, to - data, hash);
    return at + 1;
  }
}
