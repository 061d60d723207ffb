import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fromBytes } from "../../lib/base/bytes.ts";
import { MemoryOutput } from "../../lib/cdb/memory.ts";
import { CdbError, CdbReader } from "../../lib/cdb/reader.ts";
import { CdbTextError, dump, make } from "../../lib/cdb/text.ts";
import { CdbWriter, recordBytes } from "../../lib/cdb/writer.ts";

function written(records: readonly [Uint8Array, Uint8Array][]): Uint8Array {
  const output = new MemoryOutput();
  const writer = new CdbWriter(output);
  for (const [key, data] of records) writer.add(key, data);
  writer.finish();
  return output.bytes();
}

Deno.test("what was added is found, duplicates in their order", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.nat(2 * recordBytes).map((length) => new Uint8Array(length).fill(7)),
  );
  fc.assert(fc.property(fc.array(fc.tuple(bytes, bytes)), (records) => {
    const cdb = new CdbReader(written(records));
    const text = (all: Iterable<Uint8Array>) => [...all].map(fromBytes);
    assertEquals([...cdb.entries()].map(text), records.map(text));
    for (const [key] of records) {
      const same = records.filter(([other]) =>
        fromBytes(other) === fromBytes(key)
      ).map(([, data]) => data);
      assertEquals(text(cdb.findAll(key)), text(same));
      assertEquals(fromBytes(cdb.find(key)!), fromBytes(same[0]));
    }
  }));
});

Deno.test("4 GiB are the limit, and memory is not", () => {
  let total = 0;
  const writer = new CdbWriter({
    append: (bytes) => total += bytes.length,
    begin: () => {},
  });
  const megabyte = new Uint8Array(2 ** 20);
  const key = new Uint8Array(1);
  for (let i = 0; i < 4095; i++) writer.add(key, megabyte);
  assertThrows(
    () => writer.add(key, megabyte),
    CdbError,
    "more than 4 GiB",
  );
  writer.add(key, key); // what fits still does
  writer.finish();
  assertEquals(total, 2048 + 4095 * (8 + 1 + 2 ** 20) + 10 + 4096 * 16);
});

Deno.test("dump and make are each other's opposite", () => {
  const bytes = fc.uint8Array({ maxLength: 20 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(bytes, bytes)),
      fc.integer({ min: 1, max: 50 }),
      (records, blockBytes) => {
        const cdb = written(records);
        const text = [...dump(new CdbReader(cdb))].flatMap((each) => [...each]);
        const output = new MemoryOutput();
        const writer = new CdbWriter(output);
        make(blocks(new Uint8Array(text), blockBytes), writer);
        writer.finish();
        assertEquals(fromBytes(output.bytes()), fromBytes(cdb));
      },
    ),
  );
});

function* blocks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

Deno.test("what is no record says which one, and what was expected", () => {
  const wrong: [string, string][] = [
    ["", "record 1: expected + or the empty line"],
    ["+1,1:a->b\n", "record 2: expected + or the empty line"],
    ["x", "record 1: expected + or the empty line"],
    ["+,1:", "record 1: expected a length and ,"],
    ["+1;1:", "record 1: expected a length and ,"],
    ["+1,1", "record 1: expected a length and :"],
    ["+4294967296,1:", "record 1: expected less than 4 GiB"],
    ["+3,1:ab", "record 1: expected a key of 3 bytes"],
    ["+4294967295,1:ab", "record 1: expected a key of 4294967295 bytes"],
    ["+1,1:a=>b\n", "record 1: expected -> after the key"],
    ["+1,2:a->b", "record 1: expected data of 2 bytes"],
    ["+1,1:a->bc\n", "record 1: expected a newline after the data"],
  ];
  for (const [text, message] of wrong) {
    const writer = new CdbWriter(new MemoryOutput());
    const error = assertThrows(
      () => make([new TextEncoder().encode(text)], writer),
      CdbTextError,
    );
    assertEquals(error.message.startsWith(message), true, error.message);
  }
});
