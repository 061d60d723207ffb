import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import type { Judgement } from "../../lib/filter/filter.ts";
import { rspamdJudgement } from "../../lib/filter/rspamd_answer.ts";

const own = "Received: us";
const text = `${own}\nSubject: a\nX-A: 1\nX-B: 2\nx-a: 3\n\nbody\n`;

const judged = (answer: unknown) =>
  rspamdJudgement(JSON.stringify(answer), ".Junk");

/** The text as a judgement leaves it. */
async function after({ rewrite }: Judgement): Promise<string> {
  const read = async function* () {
    yield await Promise.resolve(toBytes(text));
  };
  const pieces: Uint8Array[] = [];
  for await (const bytes of rewrite?.(read, own) ?? read()) pieces.push(bytes);
  return fromBytes(concat(pieces));
}

Deno.test("rspamdJudgement() reads each action", () => {
  const scores = { score: 7.1, required_score: 15 };
  const table: [string, string][] = [
    ["no action", "pass"],
    ["add header", "pass"],
    ["rewrite subject", "pass"],
    ["quarantine", "pass"],
    ["discard", "discard"],
    ["reject", "never 550"],
    ["soft reject", "later 451"],
    ["greylist", "pass"],
  ];
  for (const [action, wanted] of table) {
    const { verdict, remark, folder } = judged({ action, ...scores });
    const said = typeof verdict === "string"
      ? verdict
      : `${verdict.type} ${verdict.code}`;
    assertEquals(said, wanted, action);
    assertEquals(remark, `${action}, 7.10 of 15.00`);
    assertEquals(folder, action === "quarantine" ? ".Junk" : undefined);
  }
});

Deno.test("rspamdJudgement() takes its changes where Postfix has its proxy's", async () => {
  const judgement = judged({
    action: "rewrite subject",
    subject: "=?utf-8?q?x?=",
    "dkim-signature": ["a=1;\r\n\tb=2"],
    milter: {
      remove_headers: { "X-A": [2], "X-B": 0, "Received": 1 },
      add_headers: {
        "X-Top": { value: "0", order: 0 },
        "X-Next": { value: "\u00e9", order: 1 },
        "X-Last": ["1", { value: "2", order: -1 }],
        "X Bad": "3",
      },
    },
  });
  assertEquals(
    await after(judgement),
    [
      "X-Top: 0",
      "DKIM-Signature: a=1;\n\tb=2",
      "X-Next: \xc3\xa9",
      own,
      "Subject: =?utf-8?q?x?=",
      "X-A: 1",
      ...["X-Last: 1", "X-Last: 2", "X-Spam: Yes"],
      "\nbody\n",
    ].join("\n"),
  );
});

Deno.test("rspamdJudgement() counts from the end, and removes all", async () => {
  const without = (which: unknown) =>
    after(judged({
      action: "no action",
      milter: { remove_headers: { "x-a": which } },
    }));
  assertEquals(await without(0), text.replace(/^x-a: .\n/gim, ""));
  assertEquals(await without(-1), text.replace("x-a: 3\n", ""));
  assertEquals(await without([1]), text.replace("X-A: 1\n", ""));
});

Deno.test("rspamdJudgement() believes no address that is none", () => {
  const sender = (change_from: string) =>
    judged({ action: "no action", milter: { change_from } }).sender;
  assertEquals(sender("a@b.example"), "a@b.example");
  assertEquals(sender("<a@b.example>"), "a@b.example");
  assertEquals(sender("<>"), "");
  for (const bad of ["a@b>\r\nRCPT TO:<c@d", "a@b\nX: y", "a b@c", "a@b c"]) {
    assertThrows(() => sender(bad), Error, "no address");
  }
});

Deno.test("rspamdJudgement() takes nothing for an answer that is none", () => {
  for (const bad of ["", "{", "[]", "1", "null", "{}", '{"action":1}']) {
    assertThrows(() => rspamdJudgement(bad, ".Junk"), Error);
  }
  assertThrows(() => judged({ action: "explode" }), Error, "unknown");
});

Deno.test("rspamdJudgement() never lets an answer end the header", () =>
  fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (value) => {
      const judgement = judged({
        action: "rewrite subject",
        subject: value,
        milter: { add_headers: { "X-New": value } },
      });
      const [header, ...body] = (await after(judgement)).split("\n\n");
      assertEquals(body.join("\n\n"), "body\n");
      assertEquals(/^(?![!-9;-~]+:|[ \t])/m.test(header), false, header);
    }),
  ));
