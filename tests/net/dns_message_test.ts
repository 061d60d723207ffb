import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { concat } from "../../lib/bytes.ts";
import { decodeAnswer, encodeQuestion } from "../../lib/net/dns_message.ts";
import { runs } from "../support/random.ts";

Deno.test("a question is RFC 1035's", () => {
  const bytes = encodeQuestion(0x1234, "a\\056b.Example.", "A")!;
  assertEquals(
    [...bytes],
    [
      ...[0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      ...[3, 97, 46, 98, 7, 69, 120, 97, 109, 112, 108, 101, 0],
      ...[0, 1, 0, 1],
    ],
  );
  for (const wrong of ["", ".", "a..b", "x".repeat(64), "x.".repeat(130)]) {
    assertEquals(encodeQuestion(1, wrong, "A"), null, wrong);
  }
});

Deno.test("no packet does harm", () => {
  const question = encodeQuestion(7, "9.2.0.192.in-addr.arpa", "PTR")!;
  const header = question.slice();
  header[2] = 0x80;
  header[7] = 3; // answers
  const pointer = [0xc0, 12];
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constantFrom(
      new Uint8Array([...pointer, 0, 12, 0, 1, 0, 0, 0, 9, 0, 2, ...pointer]),
      new Uint8Array([...pointer, 0, 12, 0, 1, 0, 0, 0, 9, 0, 4, 1, 65, 192]),
      new Uint8Array([0xc0, 40]),
      new Uint8Array([0xff]),
      new Uint8Array(1),
    ),
  );
  let names = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const answer = decodeAnswer(concat([header, ...pieces]), question);
      assert(answer !== null, "it is the answer to our question");
      if (answer.type !== "data") return;
      for (const name of answer.data) {
        assert(/^[\x21-\x7e]{0,255}$/.test(name), JSON.stringify(name));
        names++;
      }
    }),
    { numRuns: runs(20_000, 2_000) },
  );
  assert(names > 0, "some are well-formed");
});

Deno.test("an answer is to this question, or none", () => {
  const question = encodeQuestion(0x0708, "a.example", "A")!;
  const answer = question.slice();
  answer[2] |= 0x80;
  assertEquals(decodeAnswer(answer, question), { type: "data", data: [] });
  assertEquals(decodeAnswer(question, question), null, "no answer flag");
  for (const at of [0, 1, 5, 13, question.length - 3, question.length - 1]) {
    const other = answer.slice();
    other[at] ^= 1;
    assertEquals(decodeAnswer(other, question), null, `byte ${at}`);
  }
  assertEquals(decodeAnswer(answer.subarray(0, 20), question), null);
});
