/**
 * Making a constant database, byte for byte as djb's cdbmake and tinycdb do.
 *
 * @module
 */
import { hashRange } from "./hash.ts";
import { CdbError, headerBytes } from "./reader.ts";

/** Positions are 32 bits. */
const fileBytesLimit = 2 ** 32;
const tables = 256;

export class CdbWriter {
  /** The header's room, then the records. */
  #bytes: Uint8Array<ArrayBuffer>;
  #length = headerBytes;
  #count = 0;
  #hashes: Uint32Array<ArrayBuffer>;
  #positions: Uint32Array<ArrayBuffer>;

  /** @param expectedBytes a guess at the size of all records */
  constructor(expectedBytes = 65536) {
    this.#bytes = new Uint8Array(headerBytes + expectedBytes);
    this.#hashes = new Uint32Array(1024);
    this.#positions = new Uint32Array(1024);
  }

  /** @throws CdbError when the file would pass 4 GiB */
  add(key: Uint8Array, data: Uint8Array): void {
    this.addRange(key, 0, key.length, data, data.length);
  }

  /** {@linkcode add} for a part of some bytes, and the head of others. */
  addRange(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    data: Uint8Array,
    dataLength: number,
  ): void {
    const keyLength = keyEnd - keyStart;
    const end = this.#length + 8 + keyLength + dataLength;
    // Each record has two slots of 8 bytes in the tables.
    if (end + (this.#count + 1) * 16 > fileBytesLimit) {
      throw new CdbError("more than 4 GiB, the limit of the cdb format");
    }
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes;
    let at = this.#length;
    if (this.#count === this.#hashes.length) this.#growIndex();
    this.#hashes[this.#count] = hashRange(key, keyStart, keyEnd);
    this.#positions[this.#count++] = at;
    putNumber(bytes, at, keyLength);
    putNumber(bytes, at + 4, dataLength);
    at += 8;
    // Most keys and data are short: a loop beats a subarray and set.
    for (let i = keyStart; i < keyEnd; i++) bytes[at++] = key[i];
    if (dataLength > 128) bytes.set(data.subarray(0, dataLength), at);
    else for (let i = 0; i < dataLength; i++) bytes[at++] = data[i];
    this.#length = end;
  }

  /** The file, in pieces to be written one after the other. */
  finish(): Uint8Array<ArrayBuffer>[] {
    const count = this.#count;
    const counts = new Uint32Array(tables);
    for (let i = 0; i < count; i++) counts[this.#hashes[i] & 255]++;
    // Records by table, in the order of their addition.
    const next = new Uint32Array(tables);
    for (let t = 1; t < tables; t++) next[t] = next[t - 1] + counts[t - 1];
    const sorted = new Uint32Array(count);
    for (let i = 0; i < count; i++) sorted[next[this.#hashes[i] & 255]++] = i;

    const slots = new Uint32Array(count * 4);
    let first = 0, position = this.#length;
    for (let t = 0; t < tables; t++) {
      const size = counts[t] * 2;
      putNumber(this.#bytes, t * 8, position);
      putNumber(this.#bytes, t * 8 + 4, size);
      const table = slots.subarray(first * 4, first * 4 + size * 2);
      for (let i = first; i < first + counts[t]; i++) {
        const record = sorted[i], hash = this.#hashes[record];
        let slot = (hash >>> 8) % size;
        while (table[slot * 2 + 1] !== 0) if (++slot === size) slot = 0;
        table[slot * 2] = hash;
        table[slot * 2 + 1] = this.#positions[record];
      }
      first += counts[t];
      position += size * 8;
    }
    // A Uint32Array has the machine's byte order; Deno's are all little-endian.
    return [
      this.#bytes.subarray(0, this.#length),
      new Uint8Array(slots.buffer),
    ];
  }

  #grow(needed: number): void {
    const size = Math.min(fileBytesLimit, Math.max(needed, needed * 1.5));
    const bytes = new Uint8Array(Math.ceil(size));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }

  #growIndex(): void {
    const twice = (from: Uint32Array) => {
      const to = new Uint32Array(from.length * 2);
      to.set(from);
      return to;
    };
    this.#hashes = twice(this.#hashes);
    this.#positions = twice(this.#positions);
  }
}

/** 32 bits, little-endian. */
function putNumber(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
