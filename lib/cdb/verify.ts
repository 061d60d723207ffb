/**
 * Whether a database is whole. The format has no checksum, but a database says
 * most things twice: the tables follow from the records and their order. So
 * the records are put into tables once more, in thought, and the file's own
 * have to be the same.
 *
 * What is not said twice is the data of a record: damage that is within it
 * cannot be seen here.
 *
 * @module
 */
import { hashRange, hashStart } from "./hash.ts";
import { CdbError, CdbReader, headerBytes } from "./reader.ts";

const tables = 256;
const slotBytes = 8;

/**
 * A reader of a database that is whole.
 *
 * @param bytes the whole file; it must not change afterwards
 * @throws CdbError that says what is wrong with it
 */
export function verifiedCdb(bytes: Uint8Array): CdbReader {
  if (bytes.length === 0) throw new CdbError("it is empty", "invalid argument");
  if (isText(bytes)) throw new CdbError("it is a text: compile it first");
  if (bytes.length < headerBytes) {
    const missing = `at least ${plural(headerBytes - bytes.length, "byte")}`;
    throw new CdbError(`truncated: ${missing} missing`);
  }
  const header = readHeader(bytes);
  checkTables(bytes, header, readRecords(bytes, header));
  return new CdbReader(bytes);
}

/**
 * Whether bytes are no database, damaged or not, but a text: the numbers that
 * a database begins with have NULs in them, unless they are very large.
 */
export function isText(bytes: Uint8Array): boolean {
  return bytes.length > 0 && !bytes.subarray(0, headerBytes).includes(0);
}

interface Header {
  /** Where the records end, and the tables begin. */
  readonly end: number;
  /** The number of a table's first slot among all slots. */
  readonly first: Uint32Array;
  readonly slots: Uint32Array;
  readonly allSlots: number;
}

/** @throws CdbError unless the tables stand behind the records, side by side */
function readHeader(bytes: Uint8Array): Header {
  const view = viewOf(bytes);
  const end = view.getUint32(0, true);
  const first = new Uint32Array(tables), slots = new Uint32Array(tables);
  let allSlots = 0;
  for (let table = 0; table < tables; table++) {
    const entry = table * slotBytes;
    first[table] = allSlots;
    slots[table] = view.getUint32(entry + 4, true);
    const place = end + allSlots * slotBytes;
    if (end < headerBytes || view.getUint32(entry, true) !== place) {
      throw damaged(`table ${table} is not where it should be`);
    }
    allSlots += slots[table];
  }
  const length = end + allSlots * slotBytes;
  if (length > bytes.length) {
    const missing = plural(length - bytes.length, "byte");
    throw new CdbError(`truncated: ${missing} missing`);
  }
  if (length < bytes.length) {
    const surplus = plural(bytes.length - length, "byte");
    throw damaged(`${surplus} behind the last table`);
  }
  return { end, first, slots, allSlots };
}

/** The records of all tables: hash and position of each, by table. */
interface Records {
  readonly hashes: Uint32Array;
  readonly positions: Uint32Array;
  /** By table; its first record is where its first slot would be. */
  readonly counts: Uint32Array;
}

/** @throws CdbError unless records follow each other up to the tables */
function readRecords(bytes: Uint8Array, header: Header): Records {
  const { end, first, slots, allSlots } = header;
  const view = viewOf(bytes);
  const hashes = new Uint32Array(allSlots);
  const positions = new Uint32Array(allSlots);
  const counts = new Uint32Array(tables);
  const isErased = erasedRecords(bytes, header);
  for (let at = headerBytes, next = at; at < end; at = next) {
    if (at + 8 > end) throw damaged(`the record at byte ${at} is cut off`);
    const key = at + 8;
    const data = key + view.getUint32(at, true);
    next = data + view.getUint32(at + 4, true);
    if (next > end) {
      throw damaged(`the record at byte ${at} is longer than there is room`);
    }
    if (key === data && isErased(at, next)) continue;
    const hash = hashRange(bytes, key, data);
    const table = hash & 255;
    if (counts[table] === slots[table]) throw notFound(table, at);
    const to = first[table] + counts[table]++;
    hashes[to] = hash;
    positions[to] = at;
  }
  return { hashes, positions, counts };
}

/**
 * Tells what tinycdb's `-0` makes of a record that a later one replaced: no
 * key, data of NULs, and no slot that leads to it.
 */
function erasedRecords(
  bytes: Uint8Array,
  { end, first, slots }: Header,
): (at: number, next: number) => boolean {
  const view = viewOf(bytes);
  const table = hashStart & 255; // of the empty key
  let named: Set<number> | undefined;
  return (at, next) => {
    if (!bytes.subarray(at, next).every((byte, i) => byte === 0 || i < 8)) {
      return false;
    }
    named ??= new Set(Array.from(
      { length: slots[table] },
      (_, slot) =>
        view.getUint32(end + (first[table] + slot) * slotBytes + 4, true),
    ));
    return !named.has(at);
  };
}

/** @throws CdbError unless the tables are what is made of the records */
function checkTables(
  bytes: Uint8Array,
  { end, first, slots }: Header,
  { hashes, positions, counts }: Records,
): void {
  const view = viewOf(bytes);
  const taken = new TakenSlots(Math.max(...slots));
  for (let table = 0; table < tables; table++) {
    const start = end + first[table] * slotBytes, size = slots[table];
    taken.startTable(size);
    for (let i = first[table]; i < first[table] + counts[table]; i++) {
      const slot = taken.nextFree((hashes[i] >>> 8) % size);
      const place = start + slot * slotBytes;
      if (
        view.getUint32(place, true) === hashes[i] &&
        view.getUint32(place + 4, true) === positions[i]
      ) taken.take(slot);
      else throw notFound(table, positions[i]);
    }
    for (let slot = 0; slot < size; slot++) {
      const place = start + slot * slotBytes;
      if (taken.has(slot)) continue;
      if (view.getUint32(place, true) || view.getUint32(place + 4, true)) {
        throw damaged(`the slot at byte ${place} leads to no record`);
      }
    }
  }
}

/**
 * Which slots of a table have their record already. A taken slot knows one
 * behind it from where to search on, so that a long run of slots is not walked
 * anew for each record of one key.
 */
class TakenSlots {
  /** One more than the slot to search on from; 0 where a slot is free. */
  readonly #onwards: Uint32Array;
  #size = 0;

  constructor(mostSlots: number) {
    this.#onwards = new Uint32Array(mostSlots);
  }

  startTable(size: number): void {
    this.#onwards.fill(0, 0, size);
    this.#size = size;
  }

  has(slot: number): boolean {
    return this.#onwards[slot] !== 0;
  }

  /** At this slot or behind it; there must be one. */
  nextFree(slot: number): number {
    const onwards = this.#onwards;
    let free = slot;
    for (let to; (to = onwards[free]) !== 0;) free = to - 1;
    for (let to; (to = onwards[slot]) !== 0; slot = to - 1) {
      onwards[slot] = free + 1;
    }
    return free;
  }

  take(slot: number): void {
    this.#onwards[slot] = slot + 1 === this.#size ? 1 : slot + 2;
  }
}

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

const damaged = (what: string) => new CdbError(`damaged: ${what}`);

const notFound = (table: number, at: number) =>
  damaged(`table ${table} does not have the record at byte ${at}`);

const plural = (count: number, noun: string) =>
  count === 1 ? `1 ${noun} is` : `${count} ${noun}s are`;
