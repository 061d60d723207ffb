import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { concat, fromBytes, toBytes } from "../../lib/bytes.ts";
import {
  checkedMessage,
  Uncheckable,
  withCrlf,
} from "../../lib/policy/checked_message.ts";
import { runs } from "../support/random.ts";

async function* chunksOf(pieces: string[]) {
  for (const piece of pieces) yield await Promise.resolve(toBytes(piece));
}

async function checked(...pieces: string[]): Promise<string> {
  const out = [];
  for await (const chunk of checkedMessage(chunksOf(pieces))) out.push(chunk);
  return fromBytes(concat(out));
}

Deno.test("withCrlf() ends lines with CRLF and keeps the rest", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("\n", "\r", "a", "\xff") }),
      (text) => {
        assertEquals(
          fromBytes(withCrlf(toBytes(text))),
          text.replaceAll("\n", "\r\n"),
        );
      },
    ),
    { numRuns: runs(1000, 200) },
  );
});

Deno.test("checkedMessage() is the message with CRLF, split anywhere", async () => {
  for (
    const message of [
      "A: b\n c\n\nbody\n\n.\n",
      "\nbody\n",
      "A: b\n",
      "A: b",
      "",
      "\n\n",
    ]
  ) {
    const expected = message.replaceAll("\n", "\r\n");
    assertEquals(await checked(...message), expected);
    for (let at = 0; at <= message.length; at++) {
      assertEquals(
        await checked(message.slice(0, at), message.slice(at)),
        expected,
      );
    }
  }
});

Deno.test("checkedMessage() has ten signatures at most, none of them endless", async () => {
  const many = Array.from(
    { length: 30 },
    (_, i) => `DKIM-Signature: v=1;\n\tb=${i}\nX-${i}: y\n`,
  ).join("");
  const seen = await checked(many + "\nDKIM-Signature: body\n");
  assertEquals(seen.match(/^dkim-signature/gim)!.length, 11);
  assertEquals(seen.match(/^X-/gm)!.length, 30);
  assert(seen.endsWith("\r\n\r\nDKIM-Signature: body\r\n"));
  const ways = Array.from(
    { length: 8 },
    (_, i) => `DKIM-Signature: a=x;\n c=y; l=${i}; b=${i}\n`,
  );
  assertEquals(
    await checked([...ways, ways[0]].join("") + "\n"),
    ([...ways.slice(0, 5), ways[0]].join("") + "\n").replaceAll("\n", "\r\n"),
  );
  const long = `DKIM-Signature: ${"x".repeat(20_000)}\nA: b\n\n`;
  assertEquals(await checked(long), "A: b\r\n\r\n");
});

Deno.test("checkedMessage() gives up on an endless head", async () => {
  for (const line of ["a:\n", "x".repeat(1000)]) {
    let uncheckable = false;
    try {
      await checked(...Array.from({ length: 2000 }, () => line));
    } catch (error) {
      uncheckable = error instanceof Uncheckable;
    }
    assert(uncheckable, line.slice(0, 10));
  }
});
