import { assert, assertEquals, assertThrows } from "@std/assert";
import { Unusable } from "../../lib/base/unusable.ts";
import {
  classicEntries,
  fileEntries,
  optionEntries,
} from "../../lib/policy/control_list.ts";
import type { EntryKind } from "../../lib/policy/list_entry.ts";

/** What is complained about; none if nothing is. */
function problems(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    assert(error instanceof Unusable, `${error}`);
    assert(error.forGood);
    return error.problems;
  }
}

Deno.test("fileEntries() reads what any editor writes", () => {
  const written = [
    "\xef\xbb\xbfexample.org\r\n\t.Sub.Example \t\r\n\r\n \n# a b\r\n",
    "  # a b\nlast",
  ].join("");
  assertEquals(
    [...fileEntries(written, "/f", "domain")],
    ["example.org", ".sub.example", "last"],
  );
  // Files were joined that each had their mark.
  assertEquals(
    [...fileEntries("a@b\n\xef\xbb\xbfc@d\n", "/f", "sender")],
    ["a@b", "c@d"],
  );
  assertEquals(fileEntries("", "/f", "domain").size, 0);
  assertEquals(fileEntries("\xef\xbb\xbf\r\n", "/f", "domain").size, 0);
});

Deno.test("classicEntries() reads what qmail reads, and no better", () => {
  assertEquals(
    [...classicEntries("\xef\xbb\xbfa\r\n b\t \nc d\n@\n#e\n #f\n")],
    ["\xef\xbb\xbfa\r", " b", "c d", "@", " #f"],
  );
});

Deno.test("optionEntries() reads names with commas and blanks between", () => {
  assertEquals(
    [...optionEntries(" a.example ,\tB.example\r\n", "--x", "domain")],
    ["a.example", "b.example"],
  );
  assertEquals(
    [...optionEntries("a\r\n b\n\nc,\nd\n", "--x", "domain")],
    ["a", "b", "c", "d"],
  );
  for (const nothing of ["", " ", "\r\n"]) {
    assertEquals(optionEntries(nothing, "--x", "domain").size, 0);
  }
  assertEquals(
    problems(() => optionEntries(",a, ,a b,", "--x", "domain")),
    [
      "--x: item 1 is empty",
      "--x: item 3 is empty",
      '--x: item 4: "a b" is no domain: a blank is in it',
      "--x: item 5 is empty",
    ],
  );
  // In an option it is no comment.
  assertEquals(problems(() => optionEntries("#a", "--x", "domain")).length, 1);
});

const utf8 = "\xc3\xa4.example", ascii = "xn--4ca.example";

Deno.test("a domain in UTF-8 is in a list as the DNS knows it, too", () => {
  const entries = (text: string, kind: EntryKind) => [
    ...fileEntries(text, "/f", kind),
  ];
  assertEquals(entries(utf8, "domain"), [utf8, ascii]);
  assertEquals(entries(`.${utf8}`, "domain"), [`.${utf8}`, `.${ascii}`]);
  assertEquals(entries(`X@${utf8}`, "sender"), [`x@${utf8}`, `x@${ascii}`]);
  assertEquals(entries(`@${utf8}`, "recipient"), [`@${utf8}`, `@${ascii}`]);
});

Deno.test("an address literal is in a list in its one form, too", () => {
  const entries = (text: string, kind: EntryKind) => [
    ...fileEntries(text, "/f", kind),
  ];
  const long = "[IPv6:0:0:0:0:0:0:0:1]", short = "[ipv6:::1]";
  assertEquals(entries(long, "domain"), [long.toLowerCase(), short]);
  assertEquals(entries("@[127.0.0.01]", "sender"), [
    "@[127.0.0.01]",
    "@[127.0.0.1]",
  ]);
});

const matching: Record<EntryKind, readonly string[]> = {
  domain: [
    ...[
      "example.org",
      ".example.org",
      "localhost",
      "a_b.example",
      "-a.example",
    ],
    ...["[192.0.2.1]", "[IPv6:2001:db8::1]", utf8, ascii],
  ],
  sender: [
    ...["a@b", "@b", "postmaster", "a+b@c", "a'b@c", '"a"@b', "a@b@c"],
    ...["@[192.0.2.1]", `\xc3\xa4@${utf8}`, "a@a_b.example"],
  ],
  recipient: ["a@b", "@b", "john.doe", "list-default", "a+b@c", "\xc3\xa4"],
};

const never: [kind: EntryKind, entry: string, why: string][] = [
  ["domain", "a b", "a blank is in it"],
  ["domain", "a.example # ours", "a comment wants a line of its own"],
  ["domain", "a.example,b.example", "each wants a line of its own"],
  ["domain", "@", "no @ is in a domain"],
  ["domain", "@a.example", "write a.example"],
  ["domain", "user@a.example", "write a.example"],
  ["domain", "*.a.example", "write .a.example for all that is below it"],
  ["domain", "*", "no domain is written like that"],
  ["domain", "a.example.", "a domain ends without a dot"],
  ["domain", ".", "no domain is written like that"],
  ["domain", "..a.example", "a domain starts without a dot"],
  ["domain", "a..example", "no domain is written like that"],
  ["domain", "a/b", "no domain is written like that"],
  ["domain", "a.exam!ple", "no domain is written like that"],
  ["domain", "a:25", "no domain is written like that"],
  ["domain", "[192.0.2.1", "no domain is written like that"],
  ["domain", "[999.0.2.1]", "no domain is written like that"],
  ["domain", "[IPv6:none]", "no domain is written like that"],
  ["domain", "\xe4.example", "it is not in UTF-8"],
  ["domain", "\xc2\xa0.example", "no domain is written like that"],
  ["sender", "@", "no domain is behind the @"],
  ["sender", "user@", "no domain is behind the @"],
  ["sender", "a b@c.example", "a blank is in it"],
  ["sender", "a@b.example, c@d.example", "a blank is in it"],
  ["sender", "a@b.example,c@d.example", "each wants a line of its own"],
  ["sender", "spam.example", "write @spam.example"],
  ["sender", "*@spam.example", "write @spam.example"],
  ["sender", "@.spam.example", "a domain starts without a dot"],
  ["sender", "a@spam.example.", "a domain ends without a dot"],
  ["sender", "<a@b.example>", "no domain is written like that"],
  ["sender", "a\x01@b", "a control character is in it"],
  ["sender", "\xe4@b.example", "it is not in UTF-8"],
  ["recipient", "@", "no domain is behind the @"],
  ["recipient", "a\x7f", "a control character is in it"],
  ["recipient", "*@b.example", "write @b.example"],
];

Deno.test("what could never match is told with its line, and all else taken", () => {
  for (const [kind, entries] of Object.entries(matching)) {
    for (const entry of entries) {
      const read = () => fileEntries(entry, "/f", kind as EntryKind);
      assertEquals(problems(read), [], entry);
    }
  }
  for (const [kind, entry, why] of never) {
    const [problem, ...others] = problems(() =>
      fileEntries(`#\n${entry}\r\n`, "/f", kind)
    );
    assertEquals(others, []);
    assert(problem.startsWith('/f: line 2: "'), problem);
    assert(problem.endsWith(`: ${why}`), `${entry}: ${problem}`);
    assert(/^[ -~]+$/.test(problem), problem);
  }
});

Deno.test("a file that is something else is told in few lines", () => {
  for (
    const [text, why] of [
      ["\xff\xfea\0\n\0", "this is UTF-16: save it as UTF-8"],
      ["\xfe\xff\0a\0\n", "this is UTF-16: save it as UTF-8"],
      ["\x7fELF\x02\0\n\0\n", "this is no text"],
    ]
  ) {
    const read = () => fileEntries(text, "/f", "domain");
    assertEquals(problems(read), [`/f: ${why}`]);
  }
  const many = problems(() =>
    fileEntries("dear list,\n".repeat(5000), "/f", "domain")
  );
  assertEquals(many.length, 11);
  assertEquals(many[10], "/f: 4990 more of this kind");
  const long = problems(() => fileEntries("a ".repeat(5000), "/f", "domain"));
  assert(long[0].length < 150, long[0]);
});

Deno.test("an error that tells many lines is one line, and says so", () => {
  assertThrows(
    () => fileEntries("a b\n@\n*\n", "/f", "domain"),
    Unusable,
    '/f: line 1: "a b" is no domain: a blank is in it (and 2 more: --check tells them all)',
  );
});
