import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { answerIn, Changes } from "../../lib/filter/milter_changes.ts";
import { says, u32 } from "../support/milter.ts";

const answer = (text: string) => {
  const found = answerIn({ letter: "y", data: `${text}\0` });
  return found?.type === "refused" ? found.refusal : null;
};

Deno.test("answerIn() reads replies of a milter's own", () => {
  const table: [said: string, code: number, enhanced: string, text: string][] =
    [
      ["550 5.7.1 no", 550, "5.7.1", "no"],
      ["451 4.3.0 later", 451, "4.3.0", "later"],
      ["421 4.7.0 away", 421, "4.7.0", "away"],
      ["550 no status", 550, "5.7.1", "no status"],
      ["450 4.7.1", 450, "4.7.1", ""],
      [
        "550 4.7.1 status of another kind",
        550,
        "5.7.1",
        "status of another kind",
      ],
      ["599 5.9.9 unknown code", 550, "5.9.9", "unknown code"],
      ["550-5.7.1 a\r\n550-5.7.1 b\r\n550 5.7.1 c\r\n", 550, "5.7.1", "a b c"],
      ["550-a\n550 b", 550, "5.7.1", "a b"],
      ["550 5.7.1 50%% of %s", 550, "5.7.1", "50% of s"],
      ["550 5.7.1 a\x01b", 550, "5.7.1", "a?b"],
      [
        "250 2.0.0 fine",
        451,
        "4.7.1",
        "a filter cannot say yet, try again later",
      ],
      ["", 451, "4.7.1", "a filter cannot say yet, try again later"],
    ];
  for (const [said, code, enhanced, text] of table) {
    const { type: _, ...refusal } = answer(said)!;
    assertEquals(refusal, { code, enhanced, text } as typeof refusal, said);
  }
});

Deno.test("Changes folds values as Postfix does", () => {
  const field = (value: string, leads: boolean) => {
    const changes = new Changes([], leads);
    changes.take({ letter: "h", data: `X\0${value}\0` });
    const [edit] = changes.edits;
    return edit.type === "append" ? edit.field : null;
  };
  assertEquals(field("a", false), "X: a");
  assertEquals(field("a", true), "X:a");
  assertEquals(field(" a\r\n b\nc\n", true), "X: a\n b\n\tc\n\t");
});

Deno.test("Changes keeps recipients once, and in their order", () => {
  const changes = new Changes(["a@b", "x y@b"], false);
  const take = ([letter, data = ""]: readonly [string, string?]) =>
    changes.take({ letter, data });
  assertEquals(changes.recipients, null);
  take(says.addRecipient("<a@b>"));
  take(says.deleteRecipient("<nobody@b>"));
  assertEquals(changes.recipients, null);
  take(says.addRecipient("c@d"));
  take(says.deleteRecipient('<"x y"@b>'));
  assertEquals(changes.recipients, ["a@b", "c@d"]);
  take(says.sender("<>"));
  assertEquals(changes.sender, "");
});

Deno.test("Changes takes nothing that is no change", () => {
  const bad: [letter: string, data: string][] = [
    ["Z", ""],
    ["h", "X Y\x001\0"],
    ["h", "\x001\0"],
    ["i", "ab"],
    ["i", `${u32(0x80000000)}X\x001\0`],
    ["m", `${u32(0xffffffff)}X\x001\0`],
    ["+", "<>\0"],
    ["+", "a b@c\0"],
    ["e", "<a@b>\r\nDATA\0"],
  ];
  for (const [letter, data] of bad) {
    assertThrows(() => new Changes([], false).take({ letter, data }), Error);
  }
});

Deno.test("Changes bears whatever comes, and lets none of it end a header", () =>
  fc.assert(fc.property(
    fc.constantFrom(..."himeqb+-2pXZ"),
    fc.uint8Array({ maxLength: 60 }),
    (letter, bytes) => {
      const changes = new Changes(["a@b"], true);
      const data = (letter === "h" ? "X\0" : `${u32(0)}X\0`) +
        String.fromCharCode(...bytes);
      try {
        changes.take({ letter, data });
      } catch (error) {
        assertEquals(error?.constructor, Error);
      }
      for (const edit of changes.edits) {
        if (!("field" in edit)) continue;
        assertEquals(/\n(?![ \t])|\r|\0/.test(edit.field), false, edit.field);
      }
      for (const each of changes.recipients ?? []) {
        // deno-lint-ignore no-control-regex
        assertEquals(/[\x00-\x1f<>]/.test(each), false, each);
      }
    },
  )));
