import { assertEquals } from "@std/assert";
import { classicEntries } from "../../lib/policy/control_list.ts";
import { domainMatcher } from "../../lib/policy/rcpthosts.ts";

const accepts = domainMatcher(classicEntries(
  "example.com \t\n#comment.example\n\nUPPER.example\n.sub.example\n x\nlast",
));

Deno.test("domainMatcher() takes listed domains, letter case ignored", () => {
  for (
    const domain of ["example.com", "EXAMPLE.Com", "upper.example", "last"]
  ) {
    assertEquals(accepts(domain), true, domain);
  }
});

Deno.test("domainMatcher() takes subdomains of .wildcards only", () => {
  assertEquals(accepts("a.sub.example"), true);
  assertEquals(accepts("A.B.Sub.Example"), true);
  assertEquals(accepts(".sub.example"), true);
  for (
    const domain of [
      "sub.example",
      "xsub.example",
      "a.example.com",
      "example.com.evil",
      "a.sub.example.",
    ]
  ) assertEquals(accepts(domain), false, domain);
});

Deno.test("domainMatcher() takes nothing from comments and empty lines", () => {
  for (const domain of ["comment.example", "#comment.example", "", "x", "."]) {
    assertEquals(accepts(domain), false, domain);
  }
  assertEquals(accepts(" x"), true); // only blanks at the end are cut
});

Deno.test("domainMatcher() asks for the same keys, in lower case, elsewhere", () => {
  const keys: string[] = [];
  const more = (key: string) => {
    keys.push(key);
    return key === ".more.example";
  };
  const accepts = domainMatcher(classicEntries("example.com\n"), more);
  assertEquals(accepts("A.more.example"), true);
  assertEquals(keys, ["a.more.example", ".more.example"]);
  keys.length = 0;
  assertEquals(accepts("example.com"), true);
  assertEquals(keys, []);
  assertEquals(accepts("other.test"), false);
  assertEquals(keys, ["other.test", ".test"]);
});

Deno.test("domainMatcher() folds letters of ASCII only", () => {
  const accepts = domainMatcher(classicEntries("\xe4.example\n"));
  assertEquals(accepts("\xe4.EXAMPLE"), true);
  assertEquals(accepts("\xc4.example"), false);
});
