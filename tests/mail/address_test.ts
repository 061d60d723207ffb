import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  asciiDomain,
  atLocalHost,
  domainOf,
  isUtf8,
  looseAddress,
  quotedAddress,
  strictPath,
  withAsciiDomain,
} from "../../lib/mail/address.ts";

Deno.test("looseAddress() finds an address as qmail-smtpd does", () => {
  const cases: Record<string, string> = {
    "FROM:<a@b>": "a@b",
    "FROM:<a@b> SIZE=1": "a@b",
    "FROM: <a@b>": "a@b",
    "a <b> <c>": "b",
    "FROM:<>": "",
    "FROM:": "",
    "": "",
    "a@b": "",
    "FROM:a@b c": "a@b",
    "FROM:   a@b c": "a@b",
    "FROM:<a b>": "a b",
    "FROM:<a@b": "a@b",
    'FROM:<"a>b"@c>': "a>b@c",
    'FROM:<"a@b>': "a@b>",
    "FROM:<a\\>b@c>": "a>b@c",
    "FROM:<a\\": "a",
    'FROM:<"a\\"b"@c>': 'a"b@c',
    "FROM:<@x,@y:a@b>": "a@b",
    "FROM:<@x:@y:a@b>": "@y:a@b",
    "FROM:<@x>": "",
    "FROM:@x:a@b c": "a@b",
    "FROM:\xe4@b": "\xe4@b",
  };
  for (const [argument, address] of Object.entries(cases)) {
    assertEquals(looseAddress(argument), address, argument);
  }
});

Deno.test("strictPath() reads paths of RFC 5321 and unquotes them", () => {
  const cases: Record<string, [address: string, parameters: string]> = {
    "FROM:<a@b>": ["a@b", ""],
    "from: <a@b>": ["a@b", ""],
    "FROM:a@b": ["a@b", ""],
    "FROM:  a@b  SIZE=1 X": ["a@b", "SIZE=1 X"],
    'FROM:"a b"@c': ["a b@c", ""],
    "FROM:<>": ["", ""],
    "FROM:<> SIZE=1  X ": ["", "SIZE=1  X"],
    "FROM:<postmaster>": ["postmaster", ""],
    'FROM:<"a b"@c>': ["a b@c", ""],
    'FROM:<"a\\"\\\\"@c>': ['a"\\@c', ""],
    'FROM:<"a@b"@c>': ["a@b@c", ""],
    'FROM:<"a>b"@c>': ["a>b@c", ""],
    'FROM:<""@c>': ["@c", ""],
    "FROM:<a\\ b@c>": ["a b@c", ""],
    'FROM:<".a..b."@c>': [".a..b.@c", ""],
    "FROM:<@x.y,@[1.2.3.4]:a@b>": ["a@b", ""],
    "FROM:<a@[127.0.0.1]>": ["a@[127.0.0.1]", ""],
    "FROM:<a@[IPv6:::1]>": ["a@[IPv6:::1]", ""],
    "FROM:<\xc3\xa4\xa0@\xc3\xa4.de>": ["\xc3\xa4\xa0@\xc3\xa4.de", ""],
    "FROM:<a_b@c_d>": ["a_b@c_d", ""],
  };
  for (const [argument, [address, parameters]] of Object.entries(cases)) {
    const path = strictPath("FROM:", argument);
    assertEquals(
      path && [path.address, path.parameters],
      [address, parameters],
      argument,
    );
  }
});

Deno.test("strictPath() refuses what is not a path", () => {
  const cases = [
    "",
    "FROM",
    "FROM:",
    "FROM:a",
    "FROM:a@b>",
    "FROM:@x:a@b",
    "FROM:a@b@c",
    "FROM:a@b <",
    'FROM:"<"@b',
    "FROM:a b@c",
    "FROM a@b",
    "TO:<a@b>",
    "FROM:<a@b",
    "FROM:<a@b>x",
    "FROM:<a@b>>",
    "FROM:<<a@b>>",
    "FROM:<a b@c>",
    "FROM:< a@b>",
    "FROM:<a@b@c>",
    "FROM:<@b>",
    "FROM:<a@>",
    "FROM:<a@.b>",
    "FROM:<a@b.>",
    "FROM:<a@b..c>",
    "FROM:<a@b c>",
    'FROM:<a@"b">',
    'FROM:<"a@b">', // would pass for the domain b
    "FROM:<a\\@b>",
    'FROM:<"a"b@c>',
    'FROM:<"a@b>',
    "FROM:<a@[b>",
    "FROM:<a@[]>",
    "FROM:<@x>",
    "FROM:<@x:>",
    "FROM:<@x> y:a@b>",
    "FROM:<a\x00@b>",
    'FROM:<"a\n"@b>',
    "FROM:<a,b@c>",
    "FROM:<a(b)@c>",
  ];
  for (const argument of cases) {
    assertEquals(strictPath("FROM:", argument), null, argument);
  }
});

Deno.test("strictPath() counts the octets of a path with its brackets", () => {
  assertEquals(strictPath("TO:", "TO: <@x:a@b> Y")?.octets, 8);
  assertEquals(strictPath("TO:", "TO:<>")?.octets, 2);
});

Deno.test("strictPath() takes nothing that looseAddress() reads otherwise", () => {
  const fragments = [
    ...'<>@:\\" .ab',
    "@x:",
    '"a"',
    "a@b",
    "[1]",
    "TO:",
    "\xe4",
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...fragments), { maxLength: 12 }),
      (parts) => {
        for (const argument of [`TO:<${parts.join("")}>`, parts.join("")]) {
          const path = strictPath("TO:", argument);
          if (path) assertEquals(path.address, looseAddress(argument));
        }
      },
    ),
    { numRuns: 20000 },
  );
});

Deno.test("strictPath() is quick with what almost is a path", () => {
  for (
    const argument of [
      "TO:<" + "a.".repeat(1000),
      "TO:<" + "@a,".repeat(600) + ":",
      "TO:<" + "@a:".repeat(600),
      'TO:<"' + "\\a".repeat(1000),
      "TO:<a@" + "b.".repeat(1000) + ">",
    ]
  ) assertEquals(strictPath("TO:", argument), null);
});

Deno.test("domainOf() is what follows the last @", () => {
  assertEquals(domainOf("a@b"), "b");
  assertEquals(domainOf("a@b@c"), "c");
  assertEquals(domainOf("a@"), "");
  assertEquals(domainOf("a"), null);
});

Deno.test("atLocalHost() moves addresses at our own literals, and no others", () => {
  const host = {
    isLocalAddress: (ip: string) => ip === "127.0.0.1" || ip === "::1",
    localIpHost: "here",
  };
  const cases: Record<string, string> = {
    "a@[127.0.0.1]": "a@here",
    "a@[127.0.0.01]": "a@here",
    "a@[IPv6:::1]": "a@here",
    "a@[ipv6:::1]": "a@here",
    "a@b@[127.0.0.1]": "a@b@here",
    "a@[127.0.0.2]": "a@[127.0.0.2]",
    "a@[127.0.0.1": "a@[127.0.0.1",
    "a@[127.0.0.1]x": "a@[127.0.0.1]x",
    "a@127.0.0.1": "a@127.0.0.1",
    "[127.0.0.1]": "[127.0.0.1]",
    "a": "a",
    "": "",
  };
  for (const [address, moved] of Object.entries(cases)) {
    assertEquals(atLocalHost(address, host), moved, address);
  }
});

Deno.test("quotedAddress() writes what reads as the same address", () => {
  assertEquals(quotedAddress(""), "");
  assertEquals(quotedAddress("postmaster"), "postmaster");
  assertEquals(quotedAddress("o'neil+x@b.example"), "o'neil+x@b.example");
  assertEquals(
    quotedAddress("ceo@bank.example> @evil.example"),
    '"ceo@bank.example> "@evil.example',
  );
  fc.assert(fc.property(
    fc.string({ minLength: 1 }).filter((text) => /^[ -~]+$/.test(text)),
    (local) => {
      const address = `${local}@b.example`;
      const read = strictPath("FROM:", `FROM:<${quotedAddress(address)}>`);
      assertEquals(read?.address, address);
    },
  ));
});

Deno.test("asciiDomain() is the name that the DNS knows", () => {
  const cases: Record<string, string | null> = {
    "b.example": "b.example",
    "B.Example": "b.example",
    "\xc3\xa4.example": "xn--4ca.example",
    "\xc3\x84.EXAMPLE": "xn--4ca.example",
    "xn--4ca.example": "xn--4ca.example",
    "\xe4.example": null, // no UTF-8
    "b c.example": null,
    "": null,
  };
  for (const [domain, ascii] of Object.entries(cases)) {
    assertEquals(asciiDomain(domain), ascii, domain);
  }
});

Deno.test("asciiDomain() takes no part of a URL for a domain", () => {
  for (const mark of "/?#@:\\%") {
    for (const domain of [`a${mark}b.example`, `${mark}b`, `b${mark}`]) {
      assertEquals(asciiDomain(domain), null, domain);
    }
  }
  assertEquals(asciiDomain("a%2eb"), null);
  assertEquals(asciiDomain("b.example:25"), null);
});

Deno.test("withAsciiDomain() changes nothing but a domain in UTF-8", () => {
  const cases: Record<string, string> = {
    "a@\xc3\xa4.example": "a@xn--4ca.example",
    "\xc3\xa4@b@\xc3\xa4.example": "\xc3\xa4@b@xn--4ca.example",
    "\xc3\xa4@B.example": "\xc3\xa4@B.example",
    "a@\xc3\xa4/b": "a@\xc3\xa4/b",
    "a@\xe4": "a@\xe4",
    "\xc3\xa4": "\xc3\xa4",
    "": "",
  };
  for (const [address, expected] of Object.entries(cases)) {
    assertEquals(withAsciiDomain(address), expected, address);
  }
});

Deno.test("isUtf8() is true of well-formed UTF-8 alone", () => {
  for (const text of ["", "a", "\xc3\xa4", "\xef\xbb\xbf"]) {
    assertEquals(isUtf8(text), true, text);
  }
  for (const text of ["\xe4", "\xc3", "\xc0\xaf", "\xed\xa0\x80"]) {
    assertEquals(isUtf8(text), false, text);
  }
});
