import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { MemoryOutput } from "../../lib/cdb/memory.ts";
import { CdbError } from "../../lib/cdb/reader.ts";
import { isText, verifiedCdb } from "../../lib/cdb/verify.ts";
import { CdbWriter } from "../../lib/cdb/writer.ts";
import { runs } from "../support/random.ts";

type Records = readonly (readonly [key: string, data: string])[];

function written(records: Records): Uint8Array<ArrayBuffer> {
  const output = new MemoryOutput();
  const writer = new CdbWriter(output);
  for (const [key, data] of records) writer.add(toBytes(key), toBytes(data));
  writer.finish();
  return output.bytes();
}

const refusal = (bytes: Uint8Array): string =>
  assertThrows(() => verifiedCdb(bytes), CdbError).message;

const numberAt = (bytes: Uint8Array<ArrayBuffer>, at: number) =>
  new DataView(bytes.buffer).getUint32(at, true);

/** A change of one number of 32 bits, in a copy. */
function changed(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  change: (number: number) => number,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  view.setUint32(at, change(view.getUint32(at, true)), true);
  return copy;
}

Deno.test("verifiedCdb() takes whatever was written", () => {
  const bytes = fc.oneof(
    fc.constantFrom("", "k", "\0", "\0\0\0"),
    fc.uint8Array({ maxLength: 30 }).map(fromBytes),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(bytes, bytes), { maxLength: 300 }),
      (records) => {
        const cdb = verifiedCdb(written(records));
        assertEquals([...cdb.entries()].length, records.length);
      },
    ),
    { numRuns: runs(2_000, 300) },
  );
});

Deno.test("verifiedCdb() does not walk a run of slots for each of its records", () => {
  // To walk would take 45,000,000,000 steps.
  const whole = written(Array.from({ length: 3000 }, () => ["same", "x"]));
  verifiedCdb(repeated(whole, 3000, 300_000));
});

/** The database with one record as often as wanted, made without searching. */
function repeated(
  bytes: Uint8Array<ArrayBuffer>,
  from: number,
  to: number,
): Uint8Array {
  const end = numberAt(bytes, 0), record = (end - 2048) / from;
  const header = bytes.slice(0, 2048), view = new DataView(header.buffer);
  const newEnd = 2048 + record * to;
  let slots = 0, hash = 0;
  for (let table = 0; table < 256; table++) {
    view.setUint32(table * 8, newEnd + slots * 8, true);
    if (view.getUint32(table * 8 + 4, true) === 0) continue;
    view.setUint32(table * 8 + 4, slots = to * 2, true);
  }
  for (let at = end; hash === 0; at += 8) hash = numberAt(bytes, at);
  const tables = new Uint32Array(slots * 2);
  for (let i = 0, slot = (hash >>> 8) % slots; i < to; i++) {
    tables.set([hash, 2048 + i * record], slot * 2);
    slot = (slot + 1) % slots;
  }
  const one = bytes.subarray(2048, 2048 + record);
  return concat([
    header,
    ...Array.from({ length: to }, () => one),
    new Uint8Array(tables.buffer),
  ]);
}

Deno.test("verifiedCdb() says what is wrong", () => {
  const whole = written([["a", "1"], ["b", "2"], ["", "3"]]);
  const end = numberAt(whole, 0);
  // Each table of one record has two slots; the first table is that of "".
  const full = numberAt(whole, end) === 0 ? end + 8 : end;
  const empty = full === end ? end + 8 : end;
  const table = numberAt(whole, full) & 255;
  const cases: [what: string, bytes: Uint8Array][] = [
    ["it is empty", new Uint8Array()],
    ["it is a text: compile it first", toBytes(":allow\n")],
    ["it is a text: compile it first", toBytes("#\n".repeat(3000))],
    ["truncated: at least 1048 bytes are missing", whole.subarray(0, 1000)],
    ["truncated: at least 1 byte is missing", whole.subarray(0, 2047)],
    ["truncated: 1 byte is missing", whole.subarray(0, -1)],
    ["truncated: 50 bytes are missing", whole.subarray(0, -50)],
    ["damaged: 1 byte is behind the last table", concat([whole, toBytes("x")])],
    ["damaged: table 0 is not where it should be", new Uint8Array(2048)],
    [
      "damaged: table 1 is not where it should be",
      changed(whole, 4, (slots) => slots + 1),
    ],
    [
      "damaged: the record at byte 2048 is longer than there is room",
      changed(whole, 2052, () => 0xffffffff),
    ],
    [
      `damaged: the record at byte ${end - 1} is cut off`,
      changed(whole, end - 5, (dataBytes) => dataBytes - 1),
    ],
    [
      `damaged: table ${table} does not have the record at byte ${end - 9}`,
      changed(whole, full, (hash) => hash + 256),
    ],
    [
      `damaged: table ${table} does not have the record at byte ${end - 9}`,
      changed(whole, full + 4, (position) => position + 1),
    ],
    [
      `damaged: the slot at byte ${empty} leads to no record`,
      changed(whole, empty, () => 1),
    ],
    [
      `damaged: the slot at byte ${empty} leads to no record`,
      changed(whole, empty + 4, () => 2048),
    ],
  ];
  for (const [what, bytes] of cases) assertEquals(refusal(bytes), what);
});

Deno.test("what djb's library would have said is there for the old names", () => {
  const classic = (bytes: Uint8Array) => {
    const error = assertThrows(() => verifiedCdb(bytes), CdbError);
    return (error as CdbError).classic;
  };
  assertEquals(classic(new Uint8Array()), "invalid argument");
  assertEquals(classic(toBytes(":allow\n")), "protocol error");
  assertEquals(classic(new Uint8Array(2048)), "protocol error");
});

Deno.test("no byte but those of data can change unseen", () => {
  const records = Array.from(
    { length: 60 },
    (_, i) => [`key ${i % 50}`, i % 3 ? `data ${i}` : ""] as const,
  );
  const whole = written(records);
  const isData = new Uint8Array(whole.length);
  let at = 2048;
  for (const [key, data] of records) {
    at += 8 + key.length;
    isData.fill(1, at, at += data.length);
  }
  assertEquals(at, numberAt(whole, 0));
  for (let i = 0; i < whole.length; i++) {
    for (const bits of [1, 0x80, 0xff]) {
      whole[i] ^= bits;
      if (isData[i]) verifiedCdb(whole);
      else refusal(whole);
      whole[i] ^= bits;
    }
  }
  verifiedCdb(whole);
});

Deno.test("of records with one key the first has to be found first", () => {
  const whole = written([["k", "1"], ["k", "2"]]);
  const end = numberAt(whole, 0);
  const slots = [0, 8, 16, 24].map((at) => end + at);
  const [first, second] = slots.filter((at) => numberAt(whole, at) !== 0);
  const swapped = whole.slice();
  swapped.set(whole.subarray(first, first + 8), second);
  swapped.set(whole.subarray(second, second + 8), first);
  assert(refusal(swapped).startsWith("damaged: table"));
});

Deno.test("a record that is wiped with its slot may be tinycdb's doing", () => {
  // As `cdb -c -0` leaves a record that a later one replaced.
  const erased = written([["", "\0\0\0"], ["a", "1"], ["b", "2"]]);
  const end = numberAt(erased, 0), table = 5381 & 255;
  const length = numberAt(erased, table * 8 + 4) * 8;
  const start = numberAt(erased, table * 8);
  const pieces = [erased.slice(0, start), erased.slice(start + length)];
  const header = new DataView(pieces[0].buffer);
  header.setUint32(table * 8 + 4, 0, true);
  for (let t = table + 1; t < 256; t++) {
    header.setUint32(t * 8, header.getUint32(t * 8, true) - length, true);
  }
  assertEquals(length, 16);
  assert(end <= start);
  const cdb = verifiedCdb(concat(pieces));
  assertEquals(cdb.find(toBytes("")), null);
  assertEquals(cdb.find(toBytes("b")), toBytes("2"));
});

Deno.test("isText() tells a rules text from the head of a database", () => {
  const whole = written([["a", "1"]]);
  for (const length of [4, 8, 2047, whole.length]) {
    assert(!isText(whole.subarray(0, length)), `${length}`);
  }
  for (const text of ["", "\0", ":allow\0"]) assert(!isText(toBytes(text)));
  for (const text of [":allow\n", "\xff", "\r\n"]) {
    assert(isText(toBytes(text)));
  }
});
