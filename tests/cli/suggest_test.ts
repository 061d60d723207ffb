import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { distance, nearest } from "../../lib/cli/suggest.ts";

Deno.test("a slip is understood, another word is not", () => {
  const known = ["limit", "local-name", "log-format", "rules", "rate"];
  const cases: [string, string | null][] = [
    ["limt", "limit"],
    ["limits", "limit"],
    ["ruels", "rules"],
    ["logg_fromat", null], // three slips
    ["log_fromat", "log-format"],
    ["log-frmat", "log-format"],
    ["raet", "rate"],
    ["aret", null], // two of four letters
    ["log", "log-format"],
    ["l", null],
    ["", null],
    ["colour", null],
    ["x", null],
  ];
  for (const [word, meant] of cases) {
    assertEquals(nearest(word, known), meant, word);
  }
});

Deno.test("of two that are near, the nearer", () => {
  assertEquals(nearest("uid", ["gid", "uid"]), "uid");
  assertEquals(nearest("no-dealy", ["delay", "no-delay"]), "no-delay");
});

Deno.test("the distance is a distance", () => {
  const word = fc.string({ unit: fc.constantFrom(..."ab-"), maxLength: 6 });
  fc.assert(fc.property(word, word, word, (a, b, c) => {
    assertEquals(distance(a, a), 0);
    assertEquals(distance(a, b), distance(b, a));
    assert(distance(a, b) > 0 || a === b);
    assert(distance(a, b) >= Math.abs(a.length - b.length));
    assert(distance(a + c, b + c) <= distance(a, b));
  }));
  assertEquals(distance("abcd", "acbd"), 1);
});
