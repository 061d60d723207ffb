import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import {
  type Edit,
  edited,
  editedMessage,
  headerBytesLimit,
} from "../../lib/filter/edited_header.ts";

const fields = ["A: 1", "B: 2\n\tmore", "a: 3", "Received: x"];

Deno.test("edited() counts fields by their names", () => {
  const table: [Edit, string[]][] = [
    [{ type: "insert", place: 0, field: "N: 0" }, ["N: 0", ...fields]],
    [{ type: "insert", place: 1, field: "N: 0" }, ["N: 0", ...fields]],
    [
      { type: "insert", place: 2, field: "N: 0" },
      [fields[0], "N: 0", ...fields.slice(1)],
    ],
    [{ type: "insert", place: 99, field: "N: 0" }, [...fields, "N: 0"]],
    [{ type: "append", field: "N: 0" }, [...fields, "N: 0"]],
    [
      { type: "change", name: "A", which: 2, field: "a: 9" },
      [fields[0], fields[1], "a: 9", fields[3]],
    ],
    [
      { type: "change", name: "A", which: 3, field: "A: 9" },
      [...fields, "A: 9"],
    ],
    [{ type: "remove", name: "b", which: 1 }, [fields[0], ...fields.slice(2)]],
    [{ type: "remove", name: "b", which: 2 }, fields],
  ];
  for (const [edit, expected] of table) {
    assertEquals(edited(fields, edit), expected);
  }
});

async function after(text: string, pieceBytes: number, edits: Edit[]) {
  const pieces: Uint8Array[] = [];
  const read = async function* () {
    for (let at = 0; at < text.length; at += pieceBytes) {
      yield await Promise.resolve(toBytes(text.slice(at, at + pieceBytes)));
    }
  };
  for await (const bytes of editedMessage(read, edits)) pieces.push(bytes);
  return fromBytes(concat(pieces));
}

const append: Edit = { type: "append", field: "N: 0" };

Deno.test("editedMessage() finds the end of the header", async () => {
  const table: [string, string][] = [
    ["A: 1\n\nbody", "A: 1\nN: 0\n\nbody"],
    ["A: 1\n", "A: 1\nN: 0\n"],
    ["\nbody", "N: 0\n\nbody"],
    ["", "N: 0\n"],
    ["A: 1\n\tx\n\n", "A: 1\n\tx\nN: 0\n\n"],
    ["A: 1\nno field\n\nB: 2\n", "A: 1\nN: 0\nno field\n\nB: 2\n"],
  ];
  for (const [text, expected] of table) {
    for (const pieceBytes of [1, 3, 100]) {
      assertEquals(await after(text, pieceBytes, [append]), expected);
    }
  }
});

Deno.test("editedMessage() changes nothing by itself", () =>
  fc.assert(fc.asyncProperty(
    fc.string({ unit: fc.constantFrom("A", ":", " ", "\n", "\t", "x") }),
    fc.integer({ min: 1, max: 9 }),
    async (text, pieceBytes) => {
      assertEquals(await after(text, pieceBytes, []), text);
    },
  )));

Deno.test("editedMessage() passes on a header that is too long to be changed", async () => {
  const field = "X: y\n";
  const long = field.repeat(headerBytesLimit / field.length + 20_000) +
    "B: 1\n\nbody";
  const changed = await after(long, 60_000, [{
    type: "remove",
    name: "B",
    which: 1,
  }]);
  assertEquals(changed, long);
});
