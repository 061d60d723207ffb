/**
 * Making a constant database, byte for byte as djb's cdbmake and tinycdb do.
 * Records go out as they come; only 8 bytes a record are kept for the tables.
 *
 * @module
 */
import { hashRange } from "./hash.ts";
import { CdbError, headerBytes } from "./reader.ts";

/** Positions are 32 bits. */
const fileBytesLimit = 2 ** 32;
const tables = 256;
const bufferBytes = 1 << 18;
/** The longest key and data that are built in place. */
export const recordBytes = 1 << 12;

/** Where a database goes. The bytes of a call are only good during it. */
export interface CdbOutput {
  /** Takes the bytes behind those of the last call. */
  append(bytes: Uint8Array): void;
  /** Takes the first bytes, in the place of as many that were appended. */
  begin(bytes: Uint8Array): void;
}

export class CdbWriter {
  readonly #output: CdbOutput;
  /** See {@linkcode reserve}. */
  readonly buffer = new Uint8Array(bufferBytes);
  /** The header's room comes first. */
  #buffered = headerBytes;
  /** Of the file, with what is still in the buffer. */
  #length = headerBytes;
  #count = 0;
  #hashes = new Uint32Array(1024);
  #positions = new Uint32Array(1024);

  constructor(output: CdbOutput) {
    this.#output = output;
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
    const hash = hashRange(key, keyStart, keyEnd);
    if (keyLength + dataLength > recordBytes) {
      // Too long to be built in place: around the buffer.
      this.#begin(keyLength, dataLength, hash);
      this.#buffered += 8;
      this.#flush();
      this.#output.append(key.subarray(keyStart, keyEnd));
      this.#output.append(data.subarray(0, dataLength));
      return;
    }
    const at = this.reserve();
    this.buffer.set(key.subarray(keyStart, keyEnd), at);
    this.buffer.set(data.subarray(0, dataLength), at + keyLength);
    this.commit(keyLength, dataLength, hash);
  }

  /**
   * For a record that is built in place: where in {@linkcode buffer} its key
   * goes, with room for {@linkcode recordBytes} of key and data behind it.
   */
  reserve(): number {
    if (this.#buffered > bufferBytes - recordBytes - 8) this.#flush();
    return this.#buffered + 8;
  }

  /**
   * The key, and the data right behind it, are in the reserved place.
   *
   * @param hash of the key, signed or not
   * @throws CdbError when the file would pass 4 GiB
   */
  commit(keyLength: number, dataLength: number, hash: number): void {
    this.#begin(keyLength, dataLength, hash);
    this.#buffered += 8 + keyLength + dataLength;
  }

  /** Notes a record and writes its two lengths. */
  #begin(keyLength: number, dataLength: number, hash: number): void {
    const length = this.#length + 8 + keyLength + dataLength;
    // Each record has two slots of 8 bytes in the tables.
    if (length + (this.#count + 1) * 16 > fileBytesLimit) {
      throw new CdbError("more than 4 GiB, the limit of the cdb format");
    }
    if (this.#count === this.#hashes.length) this.#growIndex();
    this.#hashes[this.#count] = hash;
    this.#positions[this.#count++] = this.#length;
    this.#length = length;
    putNumber(this.buffer, this.#buffered, keyLength);
    putNumber(this.buffer, this.#buffered + 4, dataLength);
  }

  /** Writes the tables and the header. Nothing may be added afterwards. */
  finish(): void {
    this.#flush();
    const count = this.#count;
    const counts = new Uint32Array(tables);
    for (let i = 0; i < count; i++) counts[this.#hashes[i] & 255]++;
    // Hash and position of each record by table, in the order of addition.
    const next = new Uint32Array(tables);
    for (let t = 1; t < tables; t++) next[t] = next[t - 1] + counts[t - 1];
    const sorted = new Uint32Array(count * 2);
    for (let i = 0; i < count; i++) {
      const hash = this.#hashes[i], to = next[hash & 255]++ * 2;
      sorted[to] = hash;
      sorted[to + 1] = this.#positions[i];
    }

    // A Uint32Array has the machine's byte order; Deno's are all little-endian.
    const header = new Uint32Array(tables * 2);
    const slots = new Uint32Array(Math.max(0, ...counts) * 4);
    let first = 0, position = this.#length;
    for (let t = 0; t < tables; t++) {
      const size = counts[t] * 2;
      header[t * 2] = position;
      header[t * 2 + 1] = size;
      const table = slots.subarray(0, size * 2).fill(0);
      for (let i = first; i < first + counts[t]; i++) {
        const hash = sorted[i * 2];
        let slot = (hash >>> 8) % size;
        while (table[slot * 2 + 1] !== 0) if (++slot === size) slot = 0;
        table[slot * 2] = hash;
        table[slot * 2 + 1] = sorted[i * 2 + 1];
      }
      if (size > 0) {
        this.#append(new Uint8Array(slots.buffer, 0, size * 8));
      }
      first += counts[t];
      position += size * 8;
    }
    this.#flush();
    this.#output.begin(new Uint8Array(header.buffer));
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length > bufferBytes - this.#buffered) this.#flush();
    if (bytes.length > bufferBytes) return this.#output.append(bytes);
    this.buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  #flush(): void {
    if (this.#buffered === 0) return;
    this.#output.append(this.buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
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
