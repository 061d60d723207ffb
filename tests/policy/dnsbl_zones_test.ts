import { assertEquals, assertThrows } from "@std/assert";
import { dnsblZones } from "../../lib/policy/dnsbl_zones.ts";

Deno.test("dnsblZones() reads names with commas and blanks between", () => {
  assertEquals(dnsblZones("a.example"), ["a.example"]);
  assertEquals(dnsblZones(" a.example. ,\tB_1.example\r\n"), [
    "a.example",
    "B_1.example",
  ]);
});

Deno.test("dnsblZones() tells what the DNS could never be asked for", () => {
  for (
    const [text, what] of [
      ["", 'item 1: "" is no DNS zone: nothing is between the commas'],
      ["a,", 'item 2: "" is no DNS zone: nothing is between the commas'],
      ["a b", 'item 1: "a b" is no DNS zone: a blank is in it'],
      ["a,b c,d e", 'item 2: "b c" is no DNS zone: a blank is in it'],
      ["a..b", 'item 1: "a..b" is no DNS zone: the DNS has no such name'],
      ["http://a", "the DNS has no such name"],
      [`${"a".repeat(64)}.b`, "the DNS has no such name"],
      ["\u00e4.example", "write it as the DNS knows it, xn--"],
    ]
  ) assertThrows(() => dnsblZones(text), Error, what);
});
