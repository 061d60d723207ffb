import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { CdbReader } from "../../lib/cdb/reader.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { ExtendedAddresses } from "../../lib/rules/extended.ts";
import { RuleError } from "../../lib/rules/grammar.ts";
import { decide } from "../../lib/rules/lookup.ts";
import { runs } from "../support/random.ts";

function compiled(text: string): CdbReader {
  const extended = new ExtendedAddresses();
  return new CdbReader(compileInMemory(toBytes(text), { extended }));
}

function keysOf(text: string): string[] {
  return [...compiled(text).entries()].map(([key]) => fromBytes(key));
}

function ruleFor(text: string, ip: string): string | null {
  return decide(compiled(text), { ip, host: null, info: null }).rule;
}

Deno.test("an IPv4 range is the fewest prefixes", () => {
  assertEquals(keysOf("10.0.0.0/8:allow"), ["10."]);
  assertEquals(keysOf("192.168.4.0/22:allow"), [
    ...["192.168.4.", "192.168.5.", "192.168.6.", "192.168.7."],
  ]);
  assertEquals(keysOf("1.2.3.4/32:allow"), ["1.2.3.4"]);
  assertEquals(keysOf("1.2.3.4/31:allow"), ["1.2.3.4", "1.2.3.5"]);
  assertEquals(keysOf("1.2.3.0/24:deny"), ["1.2.3."]);
  assertEquals(keysOf("172.16.0.0/12:deny").length, 16);
  assertEquals(keysOf("0.0.0.0/0:deny").length, 256);
});

Deno.test("an IPv6 range is one key, and one record lists the lengths", () => {
  assertEquals(keysOf("2001:DB8:0::/32:allow\nfe80:0::/10:deny\n"), [
    ...["2001:db8::/32", "fe80::/10", "/"],
  ]);
  assertEquals(keysOf("2001:db8:::allow"), ["2001:db8::"]);
  assertEquals(keysOf("2001:db8::allow"), ["2001:db8::/32", "/"]);
  assertEquals(keysOf("1:2:3:4:5:6:7::allow"), ["1:2:3:4:5:6:7:0/112", "/"]);
  assertEquals(keysOf("::1/128:allow"), ["::1"]);
  assertEquals(keysOf("0:0:0:0:0:0:0:1:allow"), ["::1"]);
  assertEquals(keysOf("::ffff:1.2.3.4:allow"), ["1.2.3.4"]);
});

Deno.test("the longest range decides, and only for its own family", () => {
  const text = "2001:db8::/32:deny\n2001:db8:0:1::/64:allow\n" +
    "2001:db8:0:1::5:deny\n::/0:allow\n:deny\n";
  assertEquals(ruleFor(text, "2001:db8:0:1::5"), "2001:db8:0:1::5");
  assertEquals(ruleFor(text, "2001:db8:0:1:1::5"), "2001:db8:0:1::/64");
  assertEquals(ruleFor(text, "2001:db8::5"), "2001:db8::/32");
  assertEquals(ruleFor(text, "2001:db9::5"), "::/0");
  assertEquals(ruleFor(text, "fe80::1%eth0"), "::/0");
  assertEquals(ruleFor(text, "1.2.3.4"), "");
});

Deno.test("comments behind a rule, and nowhere inside one", () => {
  const text = '1.:allow,A="#" # x\n  # y:z\n2.:deny\t#\n3.:allow # :deny\n';
  assertEquals(
    [...compiled(text).entries()].map((each) => each.map(fromBytes)),
    [["1.", "+A=#\0"], ["2.", "D\0"], ["3.", ""]],
  );
});

Deno.test("what is no address says what was expected", () => {
  const wrong: [string, string][] = [
    ["10.0.0.1/8:allow", "10.0.0.0/8, since 10.0.0.1 has bits beyond"],
    ["10.0.0.0/33:allow", "a number from 0 to 32 after the /"],
    ["10.0.0.0/:allow", "a number from 0 to 32 after the /"],
    ["2001:db8::/129:allow", "a number from 0 to 128 after the /"],
    ["2001:db8::1/64:allow", "2001:db8::/64, since"],
    ["10.0.0/8:allow", "an IP address before the /"],
    ["10.0.0.0-3/8:allow", "an IP address before the /"],
    ["joe@10.0.0.0/8:allow", "a range without a user or a name"],
    ["::ffff:10.0.0.0/104:allow", "an IPv4 range in IPv4's own form"],
    ["2001:dbx::allow", "an IPv6 address, prefix or range"],
    ["1:2:3:4:5:6:7:8::allow", "an IPv6 address, prefix or range"],
    ["1.2.3.4:allow#x", "a comma or the end of the line"],
    ["::1:alow", "allow or deny after the colon"],
  ];
  for (const [text, expected] of wrong) {
    const error = assertThrows(() => compiled("\n" + text), RuleError);
    assert(error.message.includes(`line 2, column`), error.message);
    assert(error.message.includes(expected), `${text}: ${error.message}`);
  }
});

Deno.test("a client is in a range exactly when its first bits are", () => {
  const address = fc.array(
    fc.constantFrom(0, 0, 0, 1, 0xdb8, 0x2001, 0xffff),
    { minLength: 8, maxLength: 8 },
  );
  const text = (groups: number[]) =>
    groups.map((each) => each.toString(16)).join(":");
  const bitsOf = (groups: number[]) =>
    groups.map((each) => each.toString(2).padStart(16, "0")).join("");
  fc.assert(
    fc.property(
      address,
      address,
      fc.nat(127),
      fc.nat(255),
      (base, other, bits, change) => {
        // Half of the clients differ from the range's first in one bit.
        const near = base.map((group, i) =>
          i === change >> 4 ? group ^ (0x8000 >> change % 16) : group
        );
        const client = change < 128 ? near : other;
        const prefix = bitsOf(base).slice(0, bits);
        const network = prefix.padEnd(128, "0").match(/.{16}/g)!
          .map((each) => parseInt(each, 2));
        // What could be an IPv4 address has a form of its own.
        fc.pre(network.slice(0, 5).some(Boolean) && client[0] !== 0);
        const cdb = compiled(`${text(network)}/${bits}:deny\n:allow\n`);
        const ip = canonical(client);
        const inside = bitsOf(client).startsWith(prefix);
        const { type } = decide(cdb, { ip, host: null, info: null });
        assertEquals(type, inside ? "deny" : "allow", `${text(network)} ${ip}`);
      },
    ),
    { numRuns: runs(5_000, 1_000) },
  );
  function canonical(groups: number[]): string {
    return new URL(`http://[${text(groups)}]`).hostname.slice(1, -1);
  }
});
