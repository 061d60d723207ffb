/**
 * Output that cannot be written: silence, or one line.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { Fatal } from "../../lib/base/fatal.ts";
import { Output, write } from "../../lib/cli/output.ts";

/** Something to write to that takes a few bytes at a time, then fails. */
function receiver(room: number, code: string) {
  const taken: number[] = [];
  let calls = 0;
  return {
    taken,
    calls: () => calls,
    output: new Output((bytes) => {
      calls++;
      if (taken.length >= room) {
        throw Object.assign(new Error("it failed (os error 0)"), { code });
      }
      const some = bytes.subarray(0, Math.min(7, room - taken.length));
      taken.push(...some);
      return some.length;
    }),
  };
}

const pieces = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, i) => new Uint8Array(bytes).fill(i));

Deno.test("small pieces are one write, large ones pass, in order", () => {
  const writes: Uint8Array[] = [];
  const output = new Output((bytes) => {
    writes.push(bytes.slice());
    return bytes.length;
  });
  const all = [
    ...pieces(3, 5),
    new Uint8Array(70_000).fill(9),
    ...pieces(2, 1),
  ];
  write(all, output);
  assertEquals(writes.map(({ length }) => length), [15, 70_000, 2]);
  assertEquals(
    writes.flatMap((each) => [...each]),
    all.flatMap((each) => [...each]),
  );
});

Deno.test("whoever takes a few bytes at a time gets all of them", () => {
  const { output, taken } = receiver(1000, "EPIPE");
  write(pieces(4, 250), output);
  assertEquals(taken, pieces(4, 250).flatMap((each) => [...each]));
});

Deno.test("a reader that has gone is silence, and nothing more is written", () => {
  const { output, taken, calls } = receiver(10, "EPIPE");
  let made = 0;
  function* many() {
    for (const piece of pieces(10_000, 100)) {
      made++;
      yield piece;
    }
  }
  write(many(), output);
  assertEquals([taken.length, calls(), output.isGone], [10, 3, true]);
  assertEquals(made < 1000, true, `${made} pieces were made for nobody`);
  write(pieces(1, 1), output);
  assertEquals(calls(), 3);
});

Deno.test("a full disk is one line and 111", () => {
  const { output } = receiver(10, "ENOSPC");
  const error = assertThrows(() => write(pieces(1, 20), output), Fatal);
  assertEquals(
    [error.message, (error as Fatal).exitCode],
    ["fatal: unable to write the output: out of disk space", 111],
  );
});
