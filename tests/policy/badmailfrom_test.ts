import { assertEquals } from "@std/assert";
import { senderMatcher } from "../../lib/policy/badmailfrom.ts";
import { classicEntries } from "../../lib/policy/control_list.ts";

Deno.test("senderMatcher() refuses listed addresses and @domains", () => {
  const refuses = senderMatcher(classicEntries(
    "bad@b.c  \n#x@y\n\n@Evil.test\nlocal\nz\n@[1.2.3.4]\n",
  ));
  const cases: Record<string, boolean> = {
    "bad@b.c": true,
    "BAD@B.C": true,
    "good@b.c": false,
    "bad@b.cc": false,
    "a@evil.test": true,
    "a@b@EVIL.TEST": true,
    "@evil.test": true,
    "a@sub.evil.test": false,
    "evil.test": false,
    "x@y": false,
    "#x@y": false,
    "local": true,
    "z": true,
    "xyz": false, // though its end is listed
    "a@[1.2.3.4]": true,
    "": false,
  };
  for (const [sender, refused] of Object.entries(cases)) {
    assertEquals(refuses(sender), refused, sender);
  }
});

Deno.test("senderMatcher() of one entry refuses it", () => {
  const refuses = senderMatcher(classicEntries("@evil.test\n"));
  assertEquals(refuses("a@evil.test"), true);
  assertEquals(refuses("a@good.test"), false);
});

Deno.test("senderMatcher() of an empty list refuses nobody", () => {
  const refuses = senderMatcher(classicEntries("# nobody\n \n"));
  assertEquals(refuses("a@b"), false);
  assertEquals(refuses(""), false);
});

Deno.test("senderMatcher() knows a domain in UTF-8 by its ASCII name too", () => {
  const lists = senderMatcher(
    classicEntries("@\xc3\xa4.example\n\xc3\xa4@b.example\n"),
  );
  for (
    const sender of [
      "x@xn--4ca.example",
      "x@\xc3\xa4.example",
      "\xc3\xa4@b.example",
    ]
  ) assertEquals(lists(sender), true, sender);
  assertEquals(lists("xn--4ca@b.example"), false);
});
