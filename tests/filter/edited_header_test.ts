import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import {
  type Edit,
  edit,
  editedMessage,
  headerBytesLimit,
} from "../../lib/filter/edited_header.ts";

const own = "Received: us";
const fields = [own, "A: 1", "B: 2\n\tmore", "a: 3", "Received: x"];

Deno.test("edit() counts fields by their places, or by their names but for our own", () => {
  const table: [Edit, string[]][] = [
    [{ type: "insert", place: 0, field: "N: 0" }, ["N: 0", ...fields]],
    [
      { type: "insert", place: 1, field: "N: 0" },
      [own, "N: 0", ...fields.slice(1)],
    ],
    [{ type: "insert", place: 99, field: "N: 0" }, [...fields, "N: 0"]],
    [{ type: "append", field: "N: 0" }, [...fields, "N: 0"]],
    [
      { type: "change", name: "A", which: 2, field: "a: 9" },
      [...fields.slice(0, 3), "a: 9", fields[4]],
    ],
    [
      { type: "change", name: "received", which: 1, field: "Received: y" },
      [...fields.slice(0, 4), "Received: y"],
    ],
    [{ type: "remove", name: "received", which: 1 }, fields.slice(0, 4)],
    [{ type: "remove", name: "received", which: 2 }, fields],
    [
      { type: "remove", name: "a", which: -1 },
      [...fields.slice(0, 3), fields[4]],
    ],
    [{ type: "remove", name: "a", which: -3 }, fields],
    [
      { type: "change", name: "A", which: 3, field: "A: 9" },
      [...fields, "A: 9"],
    ],
    [
      { type: "remove", name: "b", which: 1 },
      [...fields.slice(0, 2), ...fields.slice(3)],
    ],
    [{ type: "remove", name: "b", which: 2 }, fields],
  ];
  for (const [change, expected] of table) {
    const changed = [...fields];
    edit(changed, change, own);
    assertEquals(changed, expected);
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
    ["A: 1\nno field\n\nB: 2\n", "A: 1\nN: 0\n\nno field\n\nB: 2\n"],
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
