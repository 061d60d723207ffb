import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { toBytes } from "../../lib/base/bytes.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { ExtendedAddresses } from "../../lib/rules/extended.ts";
import { RuleError } from "../../lib/rules/grammar.ts";
import { lint } from "../../lib/rules/lint.ts";
import { runs } from "../support/random.ts";

/** `LINE KIND` of each finding, but for a missing default. */
function found(text: string, extended = false): string[] {
  const expand = extended ? new ExtendedAddresses().expand : undefined;
  return lint(toBytes(text), expand)
    .filter(({ kind }) => kind !== "no-default")
    .map(({ line, kind }) => `${line} ${kind}`);
}

Deno.test("a good text has no findings", () => {
  const text = `# comment
192.168.0.:allow,RELAYCLIENT=""
10.1.2.3-9:allow,RELAYCLIENT="",DATABYTES="10000000"
127.:allow,RELAYCLIENT=""
203.0.113.:deny
=mx.partner.example:allow,DATABYTES="50000000"
=.partner.example:allow
joe@192.0.2.1:allow
joe@=host.example:allow
=:allow
:allow
`;
  assertEquals(lint(toBytes(text)), []);
  const extended = "10.0.0.0/8:allow # x\n2001:db8::/32:deny\n::1:allow\n:deny";
  assertEquals(lint(toBytes(extended), new ExtendedAddresses().expand), []);
});

Deno.test("what a line says is found with its line", () => {
  assertEquals(found("1.2.3.4"), ["1 no-colon"]);
  assertEquals(found("\n1.:allw"), ["2 typo"]);
  assertEquals(found("1.:Deny"), ["1 typo"]);
  assertEquals(found("1.: allow"), ["1 syntax"]);
  assertEquals(found("1.:allow,A=yes"), ["1 unquoted"]);
  assertEquals(found("1.:allow,A=xyzx"), ["1 unquoted"]);
  assertEquals(found("1.:allow,A="), ["1 unquoted"]);
  assertEquals(found('1.:allow,A="x,B=1"'), []);
  assertEquals(found('1.:allow, A="1"'), ["1 odd-name"]);
  assertEquals(found('1.:deny,A="1"'), ["1 deny-with-variables"]);
  assertEquals(found("1.2.0-255.:deny"), ["1 explodes"]);
  assertEquals(found("1.2.0-64.:deny"), ["1 explodes"]);
  assertEquals(found("1.2.0-63.:deny"), []);
  assertEquals(found("1.2.9-3.:deny"), ["1 empty-range"]);
});

Deno.test("which word was meant", () => {
  const meant: Record<string, string> = {
    ...{ alow: "allow", ALLOW: "allow", dallow: "allow", delow: "allow" },
    ...{ den: "deny", Deny: "deny", dney: "deny", deow: "deny", alny: "deny" },
    ...{ denied: "deny", llow: "allow", eny: "deny" },
  };
  for (const [word, guess] of Object.entries(meant)) {
    const [{ remedy }] = lint(toBytes(`1.:${word}\n`));
    assertEquals(remedy, `did you mean ${guess}?`, word);
  }
});

Deno.test("rules that no client can match", () => {
  for (
    const address of [
      ...["1.2.3", "256.1.", "1.2.3.4.", "01.2.", "host.example", "10.0.0.0/8"],
      ...[
        " 1.2.",
        "=*.example",
        "=host.",
        "joe@10.",
        "a@host",
        "x",
        ".",
        "1..2.",
      ],
    ]
  ) assertEquals(found(`${address}:allow`), ["1 unreachable"], address);
});

Deno.test("of two rules for one address only the first is used", () => {
  assertEquals(found("1.:allow\n2.:deny\n1.:deny\n"), ["3 duplicate"]);
  assertEquals(found("1.2-4.:allow\n1.3.:deny\n"), ["2 duplicate"]);
  assertEquals(found("1.3.:deny\n1.2-4.:allow\n"), ["2 overlap"]);
  assertEquals(found("10.0.0.0/8:allow\n10.:deny\n", true), ["2 duplicate"]);
  const [{ remedy }] = lint(toBytes("1.:allow\n1.:deny\n:deny"));
  assertEquals(
    remedy,
    "remove one of the two: they disagree, and line 1 decides",
  );
});

Deno.test("who may relay", () => {
  const relay = ':allow,RELAYCLIENT=""\n';
  for (const open of ["", "=", "=.com", "0-255.", "1-200."]) {
    assertEquals(
      found(open + relay).filter((each) => !/explodes|name$/.test(each)),
      ["1 open-relay"],
      open,
    );
  }
  assertEquals(found("::/0" + relay, true), ["1 open-relay"]);
  for (const fine of ["10.", "192.168.", "1.2.", "9."]) {
    assertEquals(found(fine + relay), [], fine);
  }
});

Deno.test("a name that nobody has confirmed lets nobody relay", () => {
  const kinds = (text: string, paranoid: boolean) =>
    lint(toBytes(text + "\n:allow"), undefined, paranoid)
      .map(({ severity, kind }) => `${severity} ${kind}`);
  const error = "error unconfirmed-name";
  for (
    const name of [
      ...["=mx.partner.example", "=.partner.example", "=.example", "="],
      ...["joe@=mx.partner.example", "joe@=.partner.example", "@=mx.example"],
      ...["a@b@=mx.example", "=x@=mx.example"],
    ]
  ) {
    for (
      const variables of [
        'RELAYCLIENT=""',
        'RELAYCLIENT="@relay"',
        "RELAYCLIENT=''",
        'A="1",RELAYCLIENT=""',
        'RELAYCLIENT="",A="1"',
      ]
    ) {
      const rule = `${name}:allow,${variables}`;
      assert(kinds(rule, false).includes(error), rule);
      assert(!kinds(rule, true).includes(error), rule);
    }
    for (
      const rule of [
        `${name}:allow`,
        `${name}:deny`,
        `${name}:deny,RELAYCLIENT=""`,
        `${name}:allow,DATABYTES="1"`,
        `${name}:allow,A="RELAYCLIENT="`,
        `${name}:allow,NORELAYCLIENT=""`,
      ]
    ) assert(!kinds(rule, false).includes(error), rule);
  }
  for (
    const address of [
      ...["192.0.2.1", "192.0.2.", "joe@192.0.2.1", "=x@192.0.2.1"],
      ...["192.0.2.1-9", "10.", ""],
    ]
  ) {
    const rule = `${address}:allow,RELAYCLIENT=""`;
    assert(!kinds(rule, false).includes(error), rule);
  }
});

Deno.test("the order of private ranges does not count", () => {
  const kind = "denied-before-allowed";
  assertEquals(found("10.:deny\n10.1.:allow"), [`2 ${kind}`]);
  assertEquals(found("10.1.:deny\n10.:allow"), [`2 ${kind}`]);
  assertEquals(found("10.1.:allow\n10.:deny"), []);
  assertEquals(found("172.16-31.:deny\n172.20.1.2:allow"), [`2 ${kind}`]);
  assertEquals(found("10.1.:deny\n10.2.:allow"), []);
  assertEquals(found("8.:deny\n8.8.:allow"), []);
});

Deno.test("a text without a default rule", () => {
  assertEquals(lint(toBytes("1.:deny")).map(({ kind }) => kind), [
    "no-default",
  ]);
  assertEquals(lint(toBytes("1.:deny\n:allow")), []);
});

/** The line that compiling refuses; null if it refuses none. */
function refusedLine(text: string, extended: boolean): number | null {
  const options = extended ? { extended: new ExtendedAddresses() } : {};
  try {
    compileInMemory(toBytes(text), options);
    return null;
  } catch (error) {
    assert(error instanceof RuleError);
    return error.line;
  }
}

/** The lines for which lint says that they cannot be compiled. */
function errorLines(text: string, extended: boolean): number[] {
  const expand = extended ? new ExtendedAddresses().expand : undefined;
  return lint(toBytes(text), expand)
    .filter(({ severity }) => severity === "error")
    .map(({ line }) => line);
}

const piece = fc.constantFrom(
  ...["1.2.3.", "10.1-3.", "9-1", "1-x", "=a.b", "10.0.0.0/8", "::1", "joe@"],
  ...[":allow", ":allow", ":deny", ":", ":alow", "allow", ","],
  ...[',A="1"', ",A='", "=", '"', "x", "#", "-", ".", "/", "\xe9"],
  ...["\r", "\v", "\f", "\0", "\t", " "],
);
const end = fc.constantFrom(...["", "", "", "\r", "\v", "\f", "\0", "\t", " "]);
const line = fc.tuple(fc.array(piece, { maxLength: 6 }), end)
  .map(([pieces, last]) => pieces.join("") + last);

Deno.test("lint finds an error exactly where compiling refuses a line", () => {
  const seen = { refused: 0, compiled: 0 };
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.constantFrom("", "\n"),
      fc.boolean(),
      (lines, tail, extended) => {
        const text = lines.join("\n") + tail;
        const errors = errorLines(text, extended);
        assertEquals(errors[0] ?? null, refusedLine(text, extended));
        lines.forEach((each, i) => {
          const refused = refusedLine(each, extended) !== null;
          assertEquals(errors.includes(i + 1), refused, JSON.stringify(each));
          refused ? seen.refused++ : seen.compiled++;
        });
      },
    ),
    { numRuns: runs(20_000, 3_000) },
  );
  // Both kinds are there, and in numbers.
  assert(seen.refused > 1000 && seen.compiled > 1000, JSON.stringify(seen));
});

Deno.test("what stands at a line's end and cannot be seen", () => {
  const findings = lint(toBytes("1.:allow\r\n:deny\r\n"));
  assertEquals(
    findings.map(({ line, kind, what }) => [line, kind, what]).slice(0, 2),
    [
      [1, "syntax", "column 9: the line ends with CR LF"],
      [2, "syntax", "column 6: the line ends with CR LF"],
    ],
  );
  for (const byte of ["\r", "\v", "\f", "\0", "\xa0"]) {
    assertEquals(found(`1.:allow${byte}\n`), ["1 syntax"], byte);
    assertEquals(found(`1.:allow,A="1"${byte}\n`), ["1 syntax"], byte);
    assertEquals(found(`${byte}\n`), ["1 no-colon"], byte);
  }
  for (const blank of [" ", "\t", " \t "]) {
    assertEquals(found(`1.:allow${blank}\n`), []);
    assertEquals(found(`${blank}\n`), []);
  }
});
