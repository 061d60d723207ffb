import { assertEquals } from "@std/assert";
import { bounded, isEvaluable } from "../../lib/mailauth/claims.ts";

const long = (length: number) => "x".repeat(length);
const ip = "192.0.2.1";

Deno.test("isEvaluable() wants an address and a name that can be one", () => {
  const cases: [sender: string, helo: string | null, expected: boolean][] = [
    ["a@b.example", null, true],
    ["", null, false],
    ["", "x", true],
    ["", long(253), true],
    ["", long(254), false],
    [`a@${long(253)}`, "x", true],
    [`a@${long(254)}`, "x", false],
    [`${long(2000)}@b.example`, long(2000), true],
    [`a@${long(254)}@b.example`, "x", true],
  ];
  for (const [sender, helo, expected] of cases) {
    assertEquals(isEvaluable({ ip, helo, sender }), expected, sender);
  }
  assertEquals(isEvaluable({ ip: "unknown", helo: "x", sender: "a@b" }), false);
});

Deno.test("bounded() leaves what names and mailboxes may be, and the domain", () => {
  assertEquals(
    bounded({ ip, helo: long(2030), sender: `${long(200)}@b.example` }),
    { ip, helo: long(253), sender: `${long(64)}@b.example` },
  );
  for (const sender of ["", "no domain", "a@b@c.example", "@b.example"]) {
    assertEquals(bounded({ ip, helo: null, sender }), {
      ip,
      helo: null,
      sender,
    });
  }
});
