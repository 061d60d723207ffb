/**
 * How long a name and its labels may be (RFC 1035 2.3.4): to the byte.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { isName } from "../../lib/net/dns_codec.ts";
import { dataOf } from "../../lib/net/dns_records.ts";

Deno.test("isName(): a label has 1 to 63 bytes, a name 253", () => {
  const cases: [name: string, isOne: boolean][] = [
    ["a", true],
    ["a.", true],
    ["", false],
    [".", false],
    ["a..", false],
    [".a", false],
    ["a".repeat(63), true],
    ["a".repeat(64), false],
    [`b.${"a".repeat(63)}.c`, true],
    [`b.${"a".repeat(64)}.c`, false],
    [`${"a".repeat(63)}.`.repeat(3) + "b".repeat(61), true],
    [`${"a".repeat(63)}.`.repeat(3) + "b".repeat(61) + ".", true],
    [`${"a".repeat(63)}.`.repeat(3) + "b".repeat(62), false],
    ["\x7f", true],
    ["\x80", false],
    ["a\n", false],
    ["a\n.", false],
    ["a\rb", false],
  ];
  for (const [name, isOne] of cases) assertEquals(isName(name), isOne, name);
});

/** A message of one address, whose name is these bytes; and where that is. */
function message(name: readonly number[]): Parameters<typeof dataOf> {
  const record = [0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1];
  const bytes = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, ...name, ...record];
  return [new DataView(Uint8Array.from(bytes).buffer), 12, "A"];
}

const label = (bytes: number) => [bytes, ...Array(bytes).fill(97)];

Deno.test("dataOf(): a label of up to 63 bytes, or a pointer", () => {
  const found = (name: number[]) => [...dataOf(...message(name))].length;
  for (
    const name of [
      [0],
      [...label(1), 0],
      [...label(63), 0],
      [...label(63), ...label(63), 0],
      [0xc0, 12],
      [...label(63), 0xff, 0xff],
    ]
  ) assertEquals(found(name), 1, `${name}`);
  for (const bytes of [64, 65, 0x80, 0xbf]) {
    assertThrows(() => found([...label(bytes), 0]), RangeError, "so long");
  }
});
