import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { longestClaim } from "../../lib/mailauth/claims.ts";
import { expandsTooFar } from "../../lib/mailauth/macros.ts";
import { runs } from "../support/random.ts";

Deno.test("expandsTooFar() counts what macros may come to", () => {
  const cases: [record: string, expected: boolean][] = [
    ["v=spf1 -all", false],
    [`v=spf1 ${"ip4:192.0.2.1 ".repeat(280)}-all`, false],
    ["v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all", false],
    ["v=spf1 exists:%{l}.%{o}.%{d}.%{h}.x include:%{S}.y -all", false],
    [`v=spf1 redirect=x.${"%{h}".repeat(6)}`, false],
    [`v=spf1 redirect=x.${"%{h}".repeat(7)}`, true],
    [`v=spf1 redirect=x.${"%{h}".repeat(20)}!`, true],
    [`v=spf1 ${"%{l}".repeat(300)}`, true],
    [`v=spf1 exists:${"%{S}".repeat(3)}`, true], // each octet is three
    [`v=spf1 ${"exists:%{h}.%{l} ".repeat(13)}-all`, true], // all together
    [`v=spf1 a=${"%{i}".repeat(40)}`, true],
    [`v=spf1 a=${"%{".repeat(20)}`, true], // whatever that is
  ];
  for (const [record, expected] of cases) {
    assertEquals(expandsTooFar(record), expected, record);
  }
});

Deno.test("what expandsTooFar() lets through comes to a few thousand letters", () => {
  const part = fc.oneof(
    fc.constantFrom(" ", "x", ".", "%%", "%-"),
    fc.tuple(
      fc.constantFrom(..."slodiphcrtvSLODIPHCRTV"),
      fc.constantFrom("", "r", "2", "1r-"),
    ).map(([letter, rest]) => `%{${letter}${rest}}`),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 60 }).map((all) => all.join("")),
      (terms) => {
        const record = `v=spf1 ${terms}`;
        if (expandsTooFar(record)) return;
        const expanded = record.replace(
          /%\{([A-Za-z])[^}]*\}/g,
          (_, letter) =>
            "x".repeat(
              "icvt".includes(letter.toLowerCase())
                ? 7
                : letter < "a"
                ? 3 * longestClaim
                : longestClaim,
            ),
        );
        for (const term of expanded.split(/\s+/)) assert(term.length <= 2048);
        assert(expanded.length <= 8192 + record.length);
      },
    ),
    { numRuns: runs(3000, 300) },
  );
});
