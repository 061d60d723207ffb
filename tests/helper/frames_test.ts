import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concat } from "../../lib/base/bytes.ts";
import {
  type Frame,
  FrameReader,
  Nonsense,
  written,
} from "../../lib/helper/frames.ts";
import { runs } from "../support/random.ts";

const frame = fc.record({
  kind: fc.nat(255),
  question: fc.nat(0xffff_ffff),
  call: fc.nat(0xffff_ffff),
  bytes: fc.uint8Array({ maxLength: 50 }).map((each) => new Uint8Array(each)),
}, { noNullPrototype: true });

Deno.test("FrameReader reads what was written, split anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.nat(40), { minLength: 1, maxLength: 20 }),
      (frames: Frame[], lengths) => {
        const bytes = concat(frames.map(written));
        const reader = new FrameReader(50);
        const read: Frame[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = 1 + lengths[i % lengths.length];
          read.push(...reader.push(bytes.subarray(at, at + length)));
          at += length;
        }
        assertEquals(read, frames);
      },
    ),
    { numRuns: runs(2000, 200) },
  );
});

Deno.test("FrameReader takes no frame that is too long, or none at all", () => {
  const bytes = new Uint8Array(51);
  const long = written({ kind: 1, question: 1, call: 1, bytes });
  assertThrows(() => new FrameReader(50).push(long), Nonsense);
  assertEquals(new FrameReader(51).push(long).length, 1);
  // Its head alone says so.
  const head = long.slice(0, 4);
  assertThrows(() => new FrameReader(50).push(head), Nonsense);
  for (const length of [0, 8]) {
    const short = new Uint8Array([0, 0, 0, length]);
    assertThrows(() => new FrameReader(50).push(short), Nonsense);
  }
});
