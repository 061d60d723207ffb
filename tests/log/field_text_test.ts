/**
 * Whatever is written into a line of the mail log, the line stays one line, and
 * no piece of it looks like a field that is none.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  item,
  readLine,
  text,
  unescaped,
  word,
} from "../../lib/log/field_text.ts";

const limit = 400;
const time = "2026-11-25T08:12:19.204Z";

/** Byte strings, some of them made of what lines are made of. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((all) => String.fromCharCode(...all)),
  fc.string({
    unit: fc.constantFrom(...'\\"= ,\n\r\t\x1b\0xa5<>' + "\xff"),
    maxLength: 30,
  }),
  fc.constantFrom(' to=b@c reply="', "\n2026-11-25T08:12:19.204Z x.y id=1"),
);

Deno.test("a value comes out as it was written, and is one piece", () => {
  fc.assert(fc.property(bytes, (value) => {
    const asWord = word(value, limit), asItem = item(value, limit);
    const asText = text(value, limit);
    assert(/^[!-~]*$/.test(asWord) && /^[!-~]*$/.test(asItem));
    assert(!asItem.includes(",") && !asWord.includes('"'));
    assert(/^"[ !#-~]*"$/.test(asText) && !asText.includes("="));
    assertEquals(unescaped(asWord), value);
    assertEquals(unescaped(asItem), value);
    assertEquals(unescaped(asText.slice(1, -1)), value);
  }));
});

Deno.test("a line is read as it was written, and split by awk as it is", () => {
  const values = fc.record({ helo: bytes, to: fc.array(bytes), reply: bytes });
  fc.assert(fc.property(values, ({ helo, to, reply }) => {
    const list = to.map((each) => item(each, limit)).join(",");
    const line = `${time} message.refused helo=${word(helo, limit)} ` +
      `to=${list} reply=${text(reply, limit)}`;
    const read = readLine(line, new Set(["to"]));
    assertEquals([read?.time, read?.verb], [time, "message.refused"]);
    // A list of nothing, and one of an empty value, are the same.
    const wanted = to.length === 1 && to[0] === "" ? [] : to;
    assertEquals([...read!.fields], [
      ["helo", helo],
      ["to", wanted],
      ["reply", reply],
    ]);
    const fields = line.split(" ").filter((piece) => /^[a-z_]+=/.test(piece));
    assertEquals(fields.map((each) => each.split("=", 1)[0]), [
      "helo",
      "to",
      "reply",
    ]);
    assertEquals(line.split("\n").length, 1);
  }));
});

Deno.test("what is too long is cut between two characters, and says so", () => {
  const cuts: [value: string, most: number, written: string][] = [
    ["abcdefghij", 8, "abcde..."],
    ["abcdefgh", 8, "abcdefgh"],
    ["abc\nefgh", 8, "abc..."], // not in the middle of \x0a
    ["a\nbcdefgh", 8, "a\\x0a..."],
  ];
  for (const [value, most, written] of cuts) {
    assertEquals(word(value, most), written);
    assertEquals(item(value, most), written);
    assertEquals(text(value, most), `"${written}"`);
  }
  fc.assert(fc.property(bytes, fc.integer({ min: 4, max: 40 }), (value, n) => {
    const written = word(value, n);
    assert(written.length <= n);
    if (!written.endsWith("...") || value.endsWith("...")) return;
    assert(value.startsWith(unescaped(written.slice(0, -3))));
  }));
});

Deno.test("a line that was cut on its way is read as far as it goes", () => {
  const none = new Set<string>();
  const read = readLine(`${time} message.stored id=1-2 reply="25`, none);
  assertEquals([...read!.fields], [["id", "1-2"], ["reply", "25"]]);
  for (
    const other of [
      "message.stored id=1",
      `${time}`,
      `${time} Message id=1`,
      `x${time} message.stored id=1`,
      "tcpserver: status: 1/40",
    ]
  ) {
    assertEquals(readLine(other, none), null, other);
  }
});
