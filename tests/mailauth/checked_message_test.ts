import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import {
  checkedMessage,
  Uncheckable,
  withCrlf,
} from "../../lib/mailauth/checked_message.ts";
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
  for (const value of ["x".repeat(20_000), `b=${" ".repeat(300)}x`]) {
    const long = `DKIM-Signature: ${value}\nA: b\n\n`;
    assertEquals(await checked(long), "A: b\r\n\r\n");
  }
});

Deno.test("checkedMessage() gives up on a head that is slow to check", async () => {
  const from = "From: a@b.example\n";
  for (
    const head of [
      "a:\n".repeat(2000),
      "x".repeat(1000).repeat(2000),
      "X: a\n" + " \n".repeat(1600) + from,
      `X${" ".repeat(60_000)}: a\n${from}`,
      `X${" ".repeat(60_000)}y: a\n${from}`,
      `${from}no field\n`,
      ` no field\n${from}`,
      `From: ${"a@b.example, ".repeat(1000)}\n`,
      `From \t: ${"a@b.example,\n ".repeat(1000)}\n`,
      `${from}Return-Path: ${"a@".repeat(5000)}\n`,
      `${from}Content-Type: ${"a;".repeat(5000)}\n`,
      `${from}ARC-Seal: i=1; ${"a=b;".repeat(5000)}\n`,
      `${from}ARC-Seal: i=1; b=${" ".repeat(5000)}x\n`,
    ]
  ) {
    let uncheckable = false;
    try {
      await checked(...head.match(/[^]{1,1000}/g)!, "\nbody\n");
    } catch (error) {
      uncheckable = error instanceof Uncheckable;
    }
    assert(uncheckable, head.slice(0, 20));
  }
});

Deno.test("checkedMessage() takes a long head of ordinary mail", async () => {
  const to = Array.from(
    { length: 500 },
    (_, i) => `"N ${i}" <n${i}@b.example>`,
  );
  const message = [
    ...Array.from(
      { length: 100 },
      (_, i) => `X-Field-${i}: ${"y ".repeat(90)}`,
    ),
    `To: ${to.join(",\n\t")}`,
    "from : a@b.example",
    "Content-Type: multipart/mixed;\n\tboundary=x",
    `DKIM-Signature: v=1; h=from:to;\n        b=${"x".repeat(400)}`,
    "",
    "no field\n",
  ].join("\n");
  assertEquals(await checked(message), message.replaceAll("\n", "\r\n"));
});
