/**
 * The fast way of compiling and the grammar: the same database of any text.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { MemoryOutput } from "../../lib/cdb/memory.ts";
import { CdbWriter, recordBytes } from "../../lib/cdb/writer.ts";
import { compile } from "../../lib/rules/compile.ts";
import { RuleError, RulesParser } from "../../lib/rules/grammar.ts";
import { PlainRules } from "../../lib/rules/plain.ts";
import { runs } from "../support/random.ts";

/** A database as a byte string, or what was wrong with the text. */
function made(fill: (output: MemoryOutput) => void): string {
  const output = new MemoryOutput();
  try {
    fill(output);
  } catch (error) {
    assert(error instanceof RuleError);
    return error.message;
  }
  return fromBytes(output.bytes());
}

const fast = (text: string, blockBytes: number) =>
  made((output) => compile(blocks(toBytes(text), blockBytes), output));

/** With the grammar alone. */
const slow = (text: string) =>
  made((output) => {
    const cdb = new CdbWriter(output);
    const parser = new RulesParser((key, start, end, data, length) =>
      cdb.addRange(key, start, end, data, length)
    );
    parser.push(toBytes(text));
    parser.end();
    cdb.finish();
  });

function* blocks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

function assertSame(text: string, blockBytes: number): void {
  const [own, expected] = [fast(text, blockBytes), slow(text)];
  // Without printing both databases.
  assert(own === expected, `${blockBytes}: ${JSON.stringify(text)}`);
}

const address = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(9)).map(([a, b]) => `10.${a}.${b}.`),
  fc.constantFrom("", ".", "1", "1..", "1-3.", "1.2.3.4", "=a", "1/", "9:"),
);
const variable = fc.tuple(
  fc.constantFrom("A", "", "B C", "=", "+", "D", "\r"),
  fc.constantFrom("=", "=", "=", "", "=="),
  fc.constantFrom('"', "'", "x", " ", "\t", "\r", ",", "=", "\0"),
  fc.constantFrom("", "v", ",", "=", "a\0b", "\xff"),
).chain(([name, equals, quote, value]) =>
  fc.constantFrom(quote, quote, quote, "", '"').map((closing) =>
    `,${name}${equals}${quote}${value}${closing}`
  )
);
const line = fc.tuple(
  address,
  fc.constantFrom(":", ":", ":", "::", ""),
  fc.constantFrom("allow", "deny", "allow", "deny", "allo", "den", "denyx"),
  fc.array(variable, { maxLength: 3 }),
  fc.constantFrom("", "", "", " ", "\t", "\r", "#", ","),
).map(([key, colon, word, variables, tail]) =>
  key + colon + word + variables.join("") + tail
);

Deno.test("plain lines mean to the fast way what they mean to the grammar", () => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 6 }),
      fc.constantFrom("", "\n"),
      fc.integer({ min: 1, max: 80 }),
      (lines, tail, blockBytes) =>
        assertSame(lines.join("\n") + tail, blockBytes),
    ),
    { numRuns: runs(30_000, 4_000) },
  );
});

Deno.test("lines about as long as the fast way takes", () => {
  for (let more = -30; more <= 10; more++) {
    const value = "v".repeat(recordBytes + more);
    const text = `1.:deny\n2.:allow,A="${value}"\n3.:allow\n`;
    for (const blockBytes of [text.length, recordBytes, 4097, 100]) {
      assertSame(text, blockBytes);
    }
  }
});

/** How many lines of a block the fast way takes, and how many bytes. */
function taken(text: string): [lines: number, bytes: number] {
  const plain = new PlainRules(new CdbWriter(new MemoryOutput()));
  const bytes = plain.take(toBytes(text), 0);
  return [plain.count, bytes];
}

Deno.test("the fast way takes what large files are made of", () => {
  const plain = [
    ...["0.:deny", "9.8.7.6:allow", "19.0.:allow", ":deny", "....:allow"],
    ...['1.:allow,A="1"', "1.:deny,A=''", '1.:allow,A="a,b=c",B=/ /'],
    ...[`1.:allow,A="${"v".repeat(recordBytes - 30)}"`],
  ].map((each) => each + "\n");
  // The last bytes of a block may be cut off.
  for (const each of plain) {
    assertEquals(taken(each + "#######"), [1, each.length], each);
  }
  const all = plain.join("");
  assertEquals(taken(all + "#######"), [plain.length, all.length]);
});

Deno.test("the fast way leaves other lines, and what is cut off", () => {
  const others = [
    ...["", "#", "x:allow", "=a:deny", "1-2:deny", "/:deny", "1:allo", "1:den"],
    ...["1:allow ", "1:denyx", "1:allow,A", "1:allow,A=", "1:allow,A= 1 "],
    ...['1:allow,A="1', '1:allow,A="1"x', "1:bllow", "1:allxw", "1:dexy"],
    ...["1:xeny", "1:axlow", "1:alxow", "1:allox", "1:dxny", "1:denx"],
    ...[`1:allow,A="${"v".repeat(recordBytes)}"`],
  ];
  for (const each of others) {
    assertEquals(taken(`1.:deny\n${each}\n1.:deny\n`), [1, 8], each);
  }
  const whole = '1.:allow,A="1",B="2"\n';
  for (let length = 0; length < whole.length; length++) {
    assertEquals(taken(whole.slice(0, length)), [0, 0], `${length}`);
  }
});
