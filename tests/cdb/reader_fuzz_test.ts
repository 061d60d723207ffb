/**
 * A reader that any bytes can be given to: no crash, no hang, no read outside
 * the file.
 *
 * @module
 */
import { assert } from "@std/assert";
import { MemoryOutput } from "../../lib/cdb/memory.ts";
import { CdbError, CdbReader } from "../../lib/cdb/reader.ts";
import { verifiedCdb } from "../../lib/cdb/verify.ts";
import { CdbWriter } from "../../lib/cdb/writer.ts";
import { randomFrom, runs } from "../support/random.ts";

/** Values that lengths and positions are wrong with in interesting ways. */
const numbers = [
  ...[0, 1, 7, 8, 2047, 2048, 2049, 0x7fffffff, 0x80000000, 0xfffffff8],
  ...[0xffffffff],
];

function sample(random: () => number): Uint8Array<ArrayBuffer> {
  const output = new MemoryOutput();
  const writer = new CdbWriter(output);
  const records = Math.floor(random() * 30);
  for (let i = 0; i < records; i++) {
    const key = new TextEncoder().encode(`k${Math.floor(random() * 20)}`);
    writer.add(key, new Uint8Array(Math.floor(random() * 20)));
  }
  writer.finish();
  return output.bytes();
}

function mutate(
  bytes: Uint8Array<ArrayBuffer>,
  random: () => number,
): Uint8Array<ArrayBuffer> {
  const below = (limit: number) => Math.floor(random() * limit);
  const view = new DataView(bytes.buffer);
  for (let changes = 1 + below(8); changes > 0; changes--) {
    // Half of the changes hit records and tables, which are the smaller part.
    const from = random() < 0.5 ? 0 : 2048;
    const at = from + below(bytes.length - from);
    switch (below(4)) {
      case 0:
        bytes[at] ^= 1 << below(8);
        break;
      case 1:
        bytes[at] = below(256);
        break;
      default: {
        const aligned = Math.min(at - at % 4, bytes.length - 4);
        const number = random() < 0.3
          ? below(bytes.length)
          : numbers[below(numbers.length)];
        if (aligned >= 0) view.setUint32(aligned, number, true);
      }
    }
  }
  return random() < 0.2 ? bytes.slice(0, below(bytes.length + 1)) : bytes;
}

const key1 = new TextEncoder().encode("k1");

/** Reads of numbers; one outside of the file is a RangeError. */
let reads = 0;
const getUint32 = DataView.prototype.getUint32;

Deno.test("any bytes are an answer or a CdbError", () => {
  let most = 0, whole = 0;
  const seed = Date.now() >>> 0;
  const random = randomFrom(seed);
  DataView.prototype.getUint32 = function (...args) {
    reads++;
    return getUint32.apply(this, args);
  };
  try {
    for (let i = runs(100_000, 20_000); i > 0; i--) {
      const bytes = mutate(sample(random), random);
      // The database is a window; what lies around it must not be seen.
      const around = new Uint8Array(bytes.length + 64).fill(0xaa);
      around.set(bytes, 32);
      const file = around.subarray(32, 32 + bytes.length);
      const slots = bytes.length / 8;
      for (const key of ["k1", "k7", "", "nowhere"]) {
        reads = 0;
        tried(seed, () => {
          const found = new CdbReader(file).find(new TextEncoder().encode(key));
          if (found) assertInside(found, file);
        });
        assert(reads <= 4 * slots + 8, `seed ${seed}: ${reads} reads`);
        most = Math.max(most, reads);
      }
      tried(seed, () => {
        for (const data of new CdbReader(file).findAll(key1)) {
          assertInside(data, file);
        }
      });
      tried(seed, () => {
        // What is whole has nothing else to complain of.
        const cdb = verifiedCdb(file);
        whole++;
        assert([...cdb.entries()].length >= [...cdb.findAll(key1)].length);
      });
      tried(seed, () => {
        for (const [key, data] of new CdbReader(file).entries()) {
          assertInside(key, file);
          assertInside(data, file);
        }
      });
    }
    assert(most > 4, "reads were not counted");
    assert(whole > 10, "hardly one was whole"); // its data alone was changed
  } finally {
    DataView.prototype.getUint32 = getUint32;
  }
});

function tried(seed: number, act: () => void): void {
  try {
    act();
  } catch (error) {
    assert(error instanceof CdbError, `seed ${seed}: ${error}`);
  }
}

function assertInside(part: Uint8Array, whole: Uint8Array): void {
  const start = part.byteOffset - whole.byteOffset;
  assert(part.buffer === whole.buffer && start >= 0);
  assert(start + part.length <= whole.length, `${start}+${part.length}`);
}
