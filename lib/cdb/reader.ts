/**
 * Reading a constant database that is held in memory. Every position and
 * length in it may be a lie: reads stay inside the bytes, and a lookup takes
 * at most as many steps as the table claims to have slots and has room for.
 *
 * @module
 */
import { hashRange } from "./hash.ts";

export const headerBytes = 2048;
const slotBytes = 8;

/** What is wrong with a database. */
export class CdbError extends Error {
  override readonly name = "CdbError";

  /** @param classic the same in the words of djb's cdb library */
  constructor(what: string, readonly classic = "protocol error") {
    super(what);
  }
}

/** A position or length points outside the file. */
const corrupt = () => new CdbError("damaged: a number points outside of it");

export class CdbReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /**
   * @param bytes the whole file; it must not change afterwards
   * @throws CdbError if it cannot even be the header
   */
  constructor(bytes: Uint8Array) {
    if (bytes.length < headerBytes) throw corrupt();
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * The data of the first record with a key; null if there is none.
   *
   * @throws CdbError where the file is corrupt
   */
  find(key: Uint8Array): Uint8Array | null {
    return this.findRange(key, 0, key.length, hashRange(key, 0, key.length));
  }

  /** {@linkcode find} for a part of some bytes, whose hash is known. */
  findRange(
    bytes: Uint8Array,
    start: number,
    end: number,
    hash: number,
  ): Uint8Array | null {
    const record = this.#walk(bytes, start, end, hash, 0);
    return record && record.data;
  }

  /** The data of every record with a key, in the order of the file. */
  *findAll(key: Uint8Array): Generator<Uint8Array> {
    const hash = hashRange(key, 0, key.length);
    for (let steps = 0;;) {
      const found = this.#walk(key, 0, key.length, hash, steps);
      if (!found) return;
      yield found.data;
      steps = found.steps;
    }
  }

  /** Key and data of every record, in the order of the file. */
  *entries(): Generator<[key: Uint8Array, data: Uint8Array]> {
    // The first table begins where the records end.
    const end = this.#view.getUint32(0, true);
    if (end > this.#bytes.length) throw corrupt();
    for (let at = headerBytes; at < end;) {
      const [key, data] = this.#record(at, end);
      yield [key, data];
      at += 8 + key.length + data.length;
    }
  }

  #walk(
    bytes: Uint8Array,
    start: number,
    end: number,
    hash: number,
    steps: number,
  ): { data: Uint8Array; steps: number } | null {
    const view = this.#view, size = this.#bytes.length;
    const entry = (hash & 255) << 3;
    const slots = view.getUint32(entry + 4, true);
    if (slots === 0) return null;
    const table = view.getUint32(entry, true);
    if (table + slots * slotBytes > size) throw corrupt();
    let slot = ((hash >>> 8) + steps) % slots;
    for (; steps < slots; steps++) {
      const at = table + slot * slotBytes;
      const position = view.getUint32(at + 4, true);
      if (position === 0) return null;
      if (view.getUint32(at, true) === hash) {
        if (position + 8 > size) throw corrupt();
        const keyBytes = view.getUint32(position, true);
        if (keyBytes === end - start) {
          const key = position + 8;
          if (key + keyBytes > size) throw corrupt();
          if (this.#matches(key, bytes, start, end)) {
            const dataBytes = view.getUint32(position + 4, true);
            const data = key + keyBytes;
            if (data + dataBytes > size) throw corrupt();
            return {
              data: this.#bytes.subarray(data, data + dataBytes),
              steps: steps + 1,
            };
          }
        }
      }
      if (++slot === slots) slot = 0;
    }
    return null;
  }

  #matches(
    at: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const own = this.#bytes;
    for (let i = start; i < end; i++) {
      if (own[at + i - start] !== bytes[i]) return false;
    }
    return true;
  }

  #record(at: number, end: number): [Uint8Array, Uint8Array] {
    if (at + 8 > end) throw corrupt();
    const key = at + 8;
    const data = key + this.#view.getUint32(at, true);
    const next = data + this.#view.getUint32(at + 4, true);
    if (next > end) throw corrupt();
    return [this.#bytes.subarray(key, data), this.#bytes.subarray(data, next)];
  }
}
