import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import {
  claimedId,
  ForgedResultsFilter,
} from "../../lib/mailauth/forged_results.ts";
import { runs } from "../support/random.ts";

/** What the filter makes of a message that comes in these pieces. */
function filtered(pieces: string[]): string {
  const filter = new ForgedResultsFilter("MX.example");
  const out = pieces.map((piece) => filter.push(toBytes(piece)));
  return fromBytes(concat([...out, filter.end()]));
}

function expectEverySplit(message: string, expected: string) {
  assertEquals(filtered([message]), expected);
  for (let at = 1; at < message.length; at++) {
    assertEquals(filtered([message.slice(0, at), message.slice(at)]), expected);
  }
  assertEquals(filtered([...message]), expected);
}

Deno.test("claimedId() finds who claims to have checked", () => {
  const cases: Record<string, string | null> = {
    "Authentication-Results: mx.example; spf=pass": "mx.example",
    "AUTHENTICATION-RESULTS:MX.Example;none": "mx.example",
    "Authentication-Results \t: mx.example; none": "mx.example",
    "Authentication-Results: mx.example 1; none": "mx.example",
    "Authentication-Results: mx.example.; none": "mx.example",
    "Authentication-Results:\n\tmx.example\n ;none": "mx.example",
    "Authentication-Results: (a (nested\\)) one) mx.example(x); none":
      "mx.example",
    'Authentication-Results: "mx.\\example" ; none': "mx.example",
    'Authentication-Results: "mx.example': "mx.example",
    "Authentication-Results: other.example; mx.example": "other.example",
    "Authentication-Results: mx.example.org; none": "mx.example.org",
    "Authentication-Results\n : mx.example; none": "mx.example",
    "Authentication-Results\r\n\t\r\n :mx.example; none": "mx.example",
    "authentication-RESULTS \n\t \n \t:\n (x)\n\tMX.example\n (y);":
      "mx.example",
    "Authentication-Results\nmx: mx.example": null,
    "Authentication-Results:": "",
    "Authentication-Results: (open mx.example": "",
    "Authentication-Results-Old: mx.example; none": null,
    "ARC-Authentication-Results: i=1; mx.example; none": null,
    "Subject: Authentication-Results: mx.example": null,
    " Authentication-Results: mx.example": null,
  };
  for (const [field, id] of Object.entries(cases)) {
    assertEquals(claimedId(field), id, field);
  }
});

Deno.test("ForgedResultsFilter takes our name's results out, split anywhere", () => {
  const forged = "Authentication-Results: (x)\n\tmx.EXAMPLE; spf=pass\n" +
    " smtp.mailfrom=x\n";
  const other = "Authentication-Results: other.example;\n\tspf=fail\n";
  const body = "\n" + forged + "\n.\n";
  expectEverySplit(
    `A: b\n c\n${forged}${other}authentication-results:mx.example\nSubject: x\n${body}`,
    `A: b\n c\n${other}Subject: x\n${body}`,
  );
  expectEverySplit(forged, "");
  expectEverySplit(forged + body, body);
  expectEverySplit("A: b\n" + forged.trimEnd(), "A: b\n");
  expectEverySplit(body, body);
  expectEverySplit(
    " continues nothing\n" + forged + "B: c",
    " continues nothing\nB: c",
  );
  expectEverySplit("", "");
});

/** Comments and folded blanks (RFC 5322 3.2.2), as many as one likes. */
const blanks = fc.array(
  fc.constantFrom(" ", "\t", "\n ", "\n\t", "\n \n\t"),
  { maxLength: 4 },
).map((all) => all.join(""));
const cfws = fc.array(
  fc.oneof(blanks, fc.constantFrom("(x)", "(a (b) c)", "(\\) mx)", "(\n x)")),
  { maxLength: 4 },
).map((all) => all.join(""));
const inAnyCase = (text: string) =>
  fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) =>
      [...text].map((each, i) => upper[i] ? each.toUpperCase() : each).join("")
    );
/** What is ours, however it is written. */
const ours = fc.tuple(
  inAnyCase("authentication-results"),
  blanks,
  cfws,
  fc.oneof(
    inAnyCase("mx.example"),
    inAnyCase("mx.example."),
    inAnyCase("mx.example").map((each) => `"${each}"`),
    inAnyCase("mx.example").map((each) => `"${each.replace(".", "\\.")}"`),
  ),
  fc.constantFrom(";", " ;", " 1;", "(x);", "\n ;", "\t(\n );", ""),
).map(([name, before, after, id, rest]) =>
  `${name}${before}:${after}${id}${rest} spf=pass\n`
);

Deno.test("ForgedResultsFilter knows our name's results in every writing", () => {
  fc.assert(
    fc.property(ours, fc.nat(), (forged, cut) => {
      const head = "A: b\n c\n", rest = "B: c\n\nbody\n";
      const message = head + forged + rest;
      const at = cut % message.length;
      assertEquals(
        filtered([message.slice(0, at), message.slice(at)]),
        head + rest,
        JSON.stringify(forged),
      );
    }),
    { numRuns: runs(5000, 500) },
  );
});

Deno.test("ForgedResultsFilter drops one that hides its colon far away", () => {
  for (const far of ["\n ".repeat(40_000), " ".repeat(70_000)]) {
    const forged = `Authentication-Results${far}: mx.example; spf=pass\n`;
    assertEquals(filtered([forged + "A: b\n"]), "A: b\n");
    const pieces = forged.match(/[^]{1,1000}/g)!;
    assertEquals(filtered([...pieces, "A: b\n"]), "A: b\n");
  }
  const other = `Authentication-Results-Old: ${"x".repeat(70_000)}\n`;
  assertEquals(filtered([other]), other);
});

Deno.test("ForgedResultsFilter lets every other message through as it is", () => {
  const text = fc.string({
    unit: fc.constantFrom("\n", " ", "\t", ":", "a", "A", "\xff", "\0", "x"),
  });
  fc.assert(
    fc.property(fc.array(text), (pieces) => {
      assertEquals(filtered(pieces), pieces.join(""));
    }),
    { numRuns: runs(3000, 300) },
  );
});

Deno.test("ForgedResultsFilter does not hold an endless field", () => {
  const filter = new ForgedResultsFilter("mx.example");
  const block = toBytes("x".repeat(60_000));
  let passed = 0;
  filter.push(toBytes("Subject: "));
  for (let i = 0; i < 10; i++) passed += filter.push(block).length;
  assertEquals(passed, 600_009);
  // One that is so long before it says who it is from is nobody's.
  passed = filter.push(toBytes("\nAuthentication-Results: (")).length;
  for (let i = 0; i < 10; i++) passed += filter.push(block).length;
  passed += filter.push(toBytes(") mx.example; spf=pass\n spf=pass\n")).length;
  assertEquals(passed, 1);
  assertEquals(fromBytes(filter.push(toBytes("A: b\n\n"))), "A: b\n\n");
});
