import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { resultsHeader } from "../../lib/mailauth/results_header.ts";
import { runs } from "../support/random.ts";

Deno.test("resultsHeader() has a line for each check, folded", () => {
  assertEquals(
    resultsHeader("mx.example", ["spf=pass smtp.mailfrom=a@b", "dkim=none"]),
    "Authentication-Results: mx.example;\n" +
      "\tspf=pass smtp.mailfrom=a@b;\n\tdkim=none\n",
  );
  assertEquals(
    resultsHeader("mx.example", [
      "spf=fail (mx.example: domain of someone@example.com does not designate " +
      "192.0.2.1 as permitted sender) smtp.mailfrom=someone@example.com",
    ]),
    "Authentication-Results: mx.example;\n" +
      "\tspf=fail (mx.example: domain of someone@example.com does not designate\n" +
      "\t  192.0.2.1 as permitted sender) smtp.mailfrom=someone@example.com\n",
  );
  assertEquals(
    resultsHeader("mx.example", []),
    "Authentication-Results: mx.example;\n\tnone\n",
  );
  assertEquals(
    resultsHeader("bad;\nname", ["dkim=pass header.b=" + "x".repeat(2000)]),
    "Authentication-Results: bad__name;\n\tdkim=pass\n",
  );
});

Deno.test("resultsHeader() is one field whatever a sender wrote", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom("\n", "\r", "\r\n", "\0", " ", "\t", "\u{1f600}", "\x85"),
      fc.string({ minLength: 1, maxLength: 80 }),
    ),
  });
  fc.assert(
    fc.property(text, fc.array(text), (id, rows) => {
      const header = resultsHeader(id, rows);
      const lines = header.split("\n");
      assertEquals(lines.pop(), "");
      assert(lines[0].startsWith("Authentication-Results: "));
      for (const line of lines) {
        assert(/^[\t -~]{2,998}$/.test(line), JSON.stringify(line));
      }
      for (const line of lines.slice(1)) assert(line.startsWith("\t"));
    }),
    { numRuns: runs(2000, 200) },
  );
});
