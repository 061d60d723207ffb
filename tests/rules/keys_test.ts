/**
 * Which rule is a client's: the keys in their order, and the short way for
 * clients that are an IPv4 address and nothing else.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { toBytes } from "../../lib/base/bytes.ts";
import { CdbReader } from "../../lib/cdb/reader.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { decide, decision, keys, type Peer } from "../../lib/rules/lookup.ts";

const peer = (ip: string, host: string | null = null, info?: string): Peer => ({
  ip,
  host,
  info: info ?? null,
});

Deno.test("keys() are tried from the most special one on", () => {
  const cases: [Peer, string][] = [
    [peer("1.2.3.4"), "1.2.3.4 1.2.3. 1.2. 1. "],
    [
      peer("1.2.3.4", "a.example"),
      "1.2.3.4 =a.example 1.2.3. 1.2. 1. =.example = ",
    ],
    [peer("1.2.3.4", null, "joe"), "joe@1.2.3.4 1.2.3.4 1.2.3. 1.2. 1. "],
    [
      peer("1.2.3.4", "a", "joe"),
      "joe@1.2.3.4 joe@=a 1.2.3.4 =a 1.2.3. 1.2. 1. = ",
    ],
    [peer("::1"), "::1 :: : "],
    [peer("fe80::1"), "fe80::1 fe80:: fe80: "],
  ];
  for (const [client, expected] of cases) {
    assertEquals([...keys(client)].join(" "), expected);
  }
  assertEquals([...keys(peer("1:2::3"), [64, 16])].slice(0, 3), [
    "1:2::3",
    "1:2::/64",
    "1::/16",
  ]);
  assertEquals([...keys(peer("1.2.3.4"), [64])].length, 5, "none of IPv6");
});

const ruleFor = (text: string, client: Peer) =>
  decide(new CdbReader(compileInMemory(toBytes(text))), client).rule;

Deno.test("a whole address, a prefix with its dot, and nothing between", () => {
  const text = "1.2.3.4:deny\n1.2.3:deny\n1.2.:allow\n1:deny\n";
  assertEquals(ruleFor(text, peer("1.2.3.4")), "1.2.3.4");
  assertEquals(ruleFor(text, peer("1.2.3.5")), "1.2.");
  assertEquals(ruleFor(text, peer("1.3.3.4")), null);
  assertEquals(ruleFor(text + ":deny", peer("1.3.3.4")), "");
  assertEquals(ruleFor(text + ":deny", peer("255.255.255.255")), "");
  // Nothing is left of the client before, which had a dot at that place.
  assertEquals(ruleFor(":deny", peer("100.100.100.1")), "");
  assertEquals(ruleFor("1.2.3.4.:deny", peer("1.2.3.4")), null);
});

Deno.test("decide() is the first of the keys that is there, the short way too", () => {
  const part = fc.constantFrom("1", "2", "12");
  const ip = fc.tuple(part, part, part, part).map((parts) => parts.join("."));
  const key = fc.oneof(
    ip,
    ip.chain((whole) =>
      fc.nat(whole.length).map((length) => whole.slice(0, length))
    ),
    fc.constantFrom("=a.b", "=.b", "=", "u@=a.b", "u@1.1.1.1"),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 8 }),
      ip,
      fc.constantFrom(null, "a.b"),
      fc.constantFrom(undefined, "u"),
      (rules, address, host, info) => {
        const client = peer(address, host, info);
        const text = rules.map((each) => `${each}:allow\n`).join("");
        const expected = [...keys(client)].find((each) => rules.includes(each));
        assertEquals(ruleFor(text, client), expected ?? null);
      },
    ),
  );
});

Deno.test("decision() is what stands in a record", () => {
  const cases: [data: string, shown: string][] = [
    ["", "allow "],
    ["D\0", "deny"],
    ["D\0+A=1\0", "deny"],
    ["+A=1\0+B=\0", "allow A=1 B="],
    ["+A=1=2\0", "allow A=1=2"],
    ["+A=1\0+B\0x\0A=2\0", "allow A=1"], // parts of a value with NULs
  ];
  for (const [data, shown] of cases) {
    const found = decision("r", toBytes(data));
    assertEquals(found.rule, "r");
    const env = found.type === "allow"
      ? ` ${found.env.map((each) => each.join("=")).join(" ")}`
      : "";
    assertEquals(found.type + env, shown, JSON.stringify(data));
  }
});
