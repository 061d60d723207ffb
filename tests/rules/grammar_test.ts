/**
 * What is said of a line that makes no rule, and how lines are cut from blocks.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { ExtendedAddresses } from "../../lib/rules/extended.ts";
import {
  type GrammarOptions,
  RuleError,
  RulesParser,
} from "../../lib/rules/grammar.ts";

/** Keys, data and lines of the rules in some blocks. */
function parsed(blocks: string[], options?: GrammarOptions): string[] {
  const rules: string[] = [];
  const parser = new RulesParser((key, start, end, data, length, line) => {
    const [name, value] = [key.subarray(start, end), data.subarray(0, length)];
    rules.push(`${line} ${fromBytes(name)} ${fromBytes(value)}`);
  }, options);
  for (const block of blocks) parser.push(toBytes(block));
  parser.end();
  return rules;
}

function failure(text: string, options?: GrammarOptions): RuleError {
  return assertThrows(() => parsed([text], options), RuleError) as RuleError;
}

Deno.test("a RuleError says where, and what was expected", () => {
  const cases: [text: string, column: number, expected: string][] = [
    ["1:", 3, "allow or deny after the colon"],
    ["1:allo", 3, "allow or deny after the colon"],
    ["1:allow x", 8, "a comma or the end of the line"],
    ["1:deny;", 7, "a comma or the end of the line"],
    ["1:allow,A", 10, "NAME= after the comma"],
    ["1:allow,", 9, "NAME= after the comma"],
    ["1:allow,A=", 11, "a quoted value after the ="],
    ['1:allow,A="1', 11, 'a value with "\\"" on both sides'],
    ["1:allow,A='", 11, 'a value with "\'" on both sides'],
    ["1:allow,A='1',B=/", 17, 'a value with "/" on both sides'],
    ["1.x-2:allow", 3, "a number on both sides of the -"],
    ["1.1-x.:allow", 5, "a number on both sides of the -"],
  ];
  for (const [line, column, expected] of cases) {
    const error = failure(`2:allow\n${line} \n3:deny\n`);
    assertEquals([error.line, error.column], [2, column], line);
    assertEquals([error.text, error.expected], [line, expected]);
    assertEquals(
      error.message,
      `line 2, column ${column}: expected ${expected}`,
    );
  }
});

Deno.test("lines are counted over blocks, comments and what is skipped", () => {
  const skipped: number[] = [];
  const text = "# x\n1:allow\n\nnone\n2:deny\n 3:allow";
  const expected = ["2 1 ", "5 2 D\0", "6  3 "];
  for (let size = 1; size <= text.length; size++) {
    const blocks = text.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    const onSkipped = (line: number) => void skipped.push(line);
    assertEquals(parsed(blocks, { onSkipped }), expected, `${size}`);
    assertEquals(skipped.splice(0), [4]);
  }
});

Deno.test("a rule may be longer than there was room for", () => {
  for (const bytes of [4080, 4095, 4096, 4097, 10_000]) {
    const value = "v".repeat(bytes);
    assertEquals(parsed([`1:deny,A="${value}"`]), [`1 1 D\0+A=${value}\0`]);
  }
});

Deno.test("an extended address ends at the colon before allow or deny", () => {
  const { expand } = new ExtendedAddresses();
  assertEquals(parsed(["::1:allow\n2001:db8:::deny"], { expand }), [
    "1 ::1 ",
    "2 2001:db8:: D\0",
  ]);
  assertEquals(parsed(['fe80::1:allow,A=":deny"'], { expand }), [
    "1 fe80::1 +A=:deny\0",
  ]);
  const error = failure("fe80::1:permit", { expand });
  assertEquals([error.column, error.expected], [
    9,
    "allow or deny after the colon",
  ]);
  const address = failure("fe80:x::allow", { expand });
  assertEquals([address.line, address.column], [1, 1]);
  assertEquals(address.expected, "an IPv6 address, prefix or range");
  const skipped: number[] = [];
  parsed(["nothing"], { expand, onSkipped: (line) => skipped.push(line) });
  assertEquals(skipped, [1]);
});

Deno.test("what is before the slash, and behind it", () => {
  const keys = (address: string) => new ExtendedAddresses().expand(address);
  const refused = (address: string) =>
    assertThrows(() => keys(address), Error).message;
  assertEquals(refused("/8"), "an IP address before the /");
  assertEquals(refused("a@1.2.3.0/24"), "a range without a user or a name");
  assertEquals(refused("1.2.3.4/33"), "a number from 0 to 32 after the /");
  assertEquals(refused("1.2.3.4/"), "a number from 0 to 32 after the /");
  assertEquals(refused("::/129"), "a number from 0 to 128 after the /");
  assertEquals(
    refused("1.2.3.4/24"),
    "1.2.3.0/24, since 1.2.3.4 has bits beyond the first 24",
  );
  assertEquals(
    refused("::ffff:1.2.3.0/120"),
    "an IPv4 range in IPv4's own form",
  );
  assertEquals(keys("1.2.3.4/32"), ["1.2.3.4"]);
  assertEquals(keys("::1/128"), ["::1"]);
  assertEquals(keys("1:2:3:4:5:6:7:"), ["1:2:3:4:5:6:7:0/112"]);
  assertEquals(
    refused("1:2:3:4:5:6:7:8:"),
    "an IPv6 address, prefix or range",
  );
});
