/**
 * Databases that are larger than the writer's buffers, and lengths of more
 * than three bytes.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { hashRange } from "../../lib/cdb/hash.ts";
import { MemoryOutput } from "../../lib/cdb/memory.ts";
import { CdbError, CdbReader } from "../../lib/cdb/reader.ts";
import { make } from "../../lib/cdb/text.ts";
import { CdbWriter, recordBytes } from "../../lib/cdb/writer.ts";

function reader(fill: (writer: CdbWriter) => void): CdbReader {
  const output = new MemoryOutput();
  const writer = new CdbWriter(output);
  fill(writer);
  writer.finish();
  return new CdbReader(output.bytes());
}

Deno.test("records of a megabyte, each as long as is built in place", () => {
  const keys = Array.from({ length: 256 }, (_, i) => toBytes(`key ${i}`));
  const dataOf = (key: Uint8Array) =>
    new Uint8Array(recordBytes - key.length).fill(key.at(-1)!);
  const cdb = reader((writer) => {
    for (const key of keys) writer.add(key, dataOf(key));
  });
  for (const key of keys) {
    assert(fromBytes(cdb.find(key)!) === fromBytes(dataOf(key)));
  }
});

Deno.test("a hash table larger than the buffer", () => {
  const keys = Array.from({ length: 17_000 }, (_, i) => {
    const key = new Uint8Array(6);
    new DataView(key.buffer).setUint32(0, Math.imul(i, 0x9e3779b1));
    key[4] = i;
    // The last byte that makes it a key of table 7.
    key[5] = (hashRange(key, 0, 5) * 33 & 255) ^ 7;
    return key;
  });
  const cdb = reader((writer) => {
    for (const key of keys) writer.add(key, key);
    writer.add(toBytes("another"), toBytes("table"));
  });
  for (const key of keys) assert(fromBytes(cdb.find(key)!) === fromBytes(key));
  assertEquals(fromBytes(cdb.find(toBytes("another"))!), "table");
});

Deno.test("data of more than 16 MB", () => {
  const data = new Uint8Array(2 ** 24 + 3).fill(1);
  const cdb = reader((writer) => {
    writer.add(toBytes("a"), data);
    writer.add(toBytes("b"), toBytes("behind it"));
  });
  assertEquals(cdb.find(toBytes("a"))!.length, data.length);
  assertEquals(fromBytes(cdb.find(toBytes("b"))!), "behind it");
});

Deno.test("make() takes data that comes in blocks of any size", () => {
  const data = "x".repeat(300_000);
  for (const first of [1, 20, 70_000, 299_000]) {
    const text = toBytes(`+1,${data.length}:k->${data}\n\n`);
    const cdb = reader((writer) =>
      make([text.subarray(0, first), text.subarray(first)], writer)
    );
    assert(fromBytes(cdb.find(toBytes("k"))!) === data, `${first}`);
  }
});

Deno.test("4 GiB are the limit to the byte", () => {
  // The header, a record's two lengths, and its two slots.
  const most = 2 ** 32 - 2048 - 8 - 16;
  const nothing = { append: () => {}, begin: () => {} };
  new CdbWriter(nothing).commit(0, most, 0);
  assertThrows(
    () => new CdbWriter(nothing).commit(0, most + 1, 0),
    CdbError,
    "more than 4 GiB",
  );
});

Deno.test("an empty record may be the last of the file", () => {
  // Its table before it, which no writer makes; but a reader reads it.
  const bytes = new Uint8Array(2048 + 8 + 8);
  const view = new DataView(bytes.buffer);
  const hash = hashRange(new Uint8Array(), 0, 0);
  const entry = (hash & 255) * 8;
  view.setUint32(entry, 2048, true);
  view.setUint32(entry + 4, 1, true);
  view.setUint32(2048, hash, true);
  view.setUint32(2048 + 4, 2048 + 8, true);
  const cdb = new CdbReader(bytes);
  assertEquals(cdb.find(new Uint8Array())?.length, 0);
  // A byte less, and it is cut off.
  const cut = new CdbReader(bytes.subarray(0, bytes.length - 1));
  assertThrows(() => cut.find(new Uint8Array()), CdbError);
});
