import { assertEquals, assertThrows } from "@std/assert";
import { dnsblZones, isMeant } from "../../lib/policy/dnsbl_zones.ts";

const names = (text: string) => dnsblZones(text).map(({ zone }) => zone);

Deno.test("dnsblZones() reads names with commas and blanks between", () => {
  assertEquals(names("a.example"), ["a.example"]);
  assertEquals(names(" a.example. ,\tB_1.example\r\n"), [
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
      ["http://a", '"//a" is no weight'],
      ["a/b", "the DNS has no such name"],
      ["a=127.0.0", '"127.0.0" is no answer'],
      ["a=127.0.0.2.3", "is no answer"],
      ["a=127.0.0.256", "is no answer"],
      ["a=127.0.0.[2..1]", "is no answer"],
      ["a=127.0.0.[]", "is no answer"],
      ["a=", '"" is no answer'],
      ["a:0", '"0" is no weight'],
      ["a:1.5", "is no weight"],
      ["a:", "is no weight"],
      ["b,a:99999", "item 2: "],
      [`${"a".repeat(64)}.b`, "the DNS has no such name"],
      ["\u00e4.example", "write it as the DNS knows it, xn--"],
    ]
  ) assertThrows(() => dnsblZones(text), Error, what);
});

Deno.test("isMeant() compares octet by octet", () => {
  const [site] = dnsblZones("a=127.0.[0..9].[2;4..6]:-3");
  assertEquals(site.weight, -3);
  for (const address of ["127.0.0.2", "127.0.9.6"]) {
    assertEquals(isMeant(address, site), true, address);
  }
  for (const address of ["127.0.10.2", "127.0.0.3", "127.1.0.2"]) {
    assertEquals(isMeant(address, site), false, address);
  }
  assertEquals(isMeant("127.0.0.3", dnsblZones("a")[0]), true);
});
