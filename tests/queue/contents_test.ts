/**
 * A message of a shared queue as it is put anew, and as it is told.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { asJson, listLines, shown } from "../../cmd/queue/told.ts";
import { options } from "../../cmd/queue/options.ts";
import { toBytes } from "../../lib/base/bytes.ts";
import { headerOf, type Lying, renewed } from "../../lib/queue/contents.ts";

const facts = {
  id: "k3v9-1-1",
  sender: "\x1b[2J@a.example",
  recipients: ["b@c.example", "d@c.example", "e@c.example", "f@c.example"],
  binary: false,
  acceptedAt: 1_795_000_000_000,
  client: {
    ip: "::1",
    host: null,
    helo: "h\xff",
    user: null,
    protocol: "SMTP",
  },
  attempts: 3,
  due: 1_795_000_060_000,
  troubles: { "b@c.example": { code: 550, enhanced: "", text: "no \xe4" } },
};

const lying: Lying = {
  ...{ queue: "postern.dead", id: facts.id, facts, why: null, returns: 2 },
  text: toBytes("Subject: \x1b[31mx\nA: b\n\nbody\n"),
};

Deno.test("renewed() is as if the message had just come", () => {
  const anew = renewed(facts, 5);
  assertEquals(anew, {
    ...facts,
    ...{ acceptedAt: 5, attempts: 0, due: 0, troubles: {} },
  });
});

Deno.test("nothing that is told of a message moves a cursor", () => {
  const lines = [...listLines(lying), ...shown(lying)];
  const stranger = { ...lying, facts: null, why: "no", id: "x1" };
  for (const line of [...lines, ...listLines(stranger), ...shown(stranger)]) {
    assertMatch(line, /^[ -~]*$/);
  }
  assertMatch(listLines(lying)[0], /<b@c.example> .* and 1 more$/);
  assertEquals(listLines(lying)[1], "    <b@c.example>: 550 no \\xe4");
  assertEquals(shown(lying).at(-1), "A: b");
  assertEquals(asJson(lying).header, "Subject: \x1b[31mx\nA: b");
});

Deno.test("headerOf() ends at the first empty line, or with the text", () => {
  assertEquals(headerOf(toBytes("A: b\r\n\r\nx\r\n")), "A: b");
  assertEquals(headerOf(toBytes("A: b")), "A: b");
});

Deno.test("a setup waits for a minute, unless somebody says otherwise", () => {
  assertEquals(options.wait.initial, 60);
});
