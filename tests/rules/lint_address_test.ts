/**
 * Addresses that no client ever matches: what is wrong with each.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { addressFinding } from "../../lib/rules/lint_address.ts";

Deno.test("addressFinding() says what is wrong, and how to mend it", () => {
  const cases: Record<string, [why: string, remedy: string]> = {
    " 1.2.3.4": ["the line begins with a blank", "remove the blank"],
    "1.2.3.256": ["a number is above 255", "correct the number"],
    "256.": ["a number is above 255", "correct the number"],
    "1.2.3.04": ["addresses have no leading zeros", "remove the zeros"],
    "1.2.3.4.": ["it is a whole address with a dot", "remove the last dot"],
    "1.2.3.4.5.": ["it is a whole address with a dot", "remove the last dot"],
    "1.2.3": [
      "it is neither a whole address nor a prefix",
      'write "1.2.3." for the whole range',
    ],
    "255": [
      "it is neither a whole address nor a prefix",
      'write "255." for the whole range',
    ],
    "1.2.3.4.5": ["it is no address and no prefix", "correct the address"],
    "1..": ["it is no address and no prefix", "correct the address"],
    ".1": ["it is no address and no prefix", "correct the address"],
    "a.example": ["names need a = in front", 'write "=a.example"'],
    "-": ["it is no address", "correct the address"],
    "1.2.3.0/24": [
      "CIDR needs the extended grammar",
      "compile with --extended",
    ],
    "::1": ["IPv6 needs the extended grammar", "compile with --extended"],
    "joe@1.2.": [
      "behind USER@ only a whole address or =HOST is looked up",
      "write the whole address, or =HOST",
    ],
    "=*.example": ["a * is a letter like any other", "write =.example.org"],
    "=a.": ["a name has no blanks, and no dot at its end", "remove them"],
    "=a b": ["a name has no blanks, and no dot at its end", "remove them"],
  };
  for (const [key, [why, remedy]] of Object.entries(cases)) {
    assertEquals(addressFinding(key, false), {
      kind: "unreachable",
      what: `no client ever matches this: ${why}`,
      remedy,
    }, key);
  }
});

Deno.test("addressFinding() has nothing against what a client can match", () => {
  for (
    const key of [
      ...["", "1.2.3.4", "255.255.255.255", "0.0.0.0", "1.2.3.", "0.", "255."],
      ...["=", "=a", "=a.example", "=.example", "=ab"],
      ...["joe@1.2.3.4", "joe@=a.example", "a@b@1.2.3.4", "joe@::1"],
    ]
  ) assertEquals(addressFinding(key, false), null, key);
  for (const key of ["::1", "::/0", "2001:db8::/32"]) {
    assertEquals(addressFinding(key, true), null, key);
  }
});
