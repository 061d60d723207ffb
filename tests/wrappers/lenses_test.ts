import { assertEquals } from "@std/assert";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { crFixer } from "../../lib/wrappers/fixcrio.ts";
import { recorder } from "../../lib/wrappers/recordio.ts";

/** A text in pieces of so many bytes. */
function pieces(text: string, size: number): Uint8Array<ArrayBuffer>[] {
  const bytes = toBytes(text);
  const all = [];
  for (let at = 0; at < bytes.length; at += size) {
    all.push(bytes.slice(at, at + size));
  }
  return all;
}

const fixed: [text: string, mended: string][] = [
  ["a\nb\r\nc", "a\r\nb\r\nc"],
  ["\n\n\r\n", "\r\n\r\n\r\n"],
  ["\r\r\n\r", "\r\r\n\r"],
  ["a\r", "a\r"],
  ["", ""],
  ["\r\n", "\r\n"],
];

Deno.test("fixcrio gives each LF a CR, in whatever pieces it comes", () => {
  for (const [text, mended] of fixed) {
    for (let size = 1; size <= text.length + 1; size++) {
      for (const way of ["received", "written"] as const) {
        const lens = crFixer();
        const out = pieces(text, size).map((each) => lens[way](each));
        assertEquals(fromBytes(concat(out)), mended, `${text} by ${size}`);
      }
    }
  }
});

Deno.test("fixcrio's two ways know nothing of each other", () => {
  const lens = crFixer();
  lens.received(toBytes("a\r"));
  assertEquals(fromBytes(lens.written(toBytes("\n"))), "\r\n");
  assertEquals(fromBytes(lens.received(toBytes("\n"))), "\n");
});

function recorded(act: (lens: ReturnType<typeof recorder>) => void): string[] {
  const lines: string[] = [];
  act(
    recorder((direction, { bytes, end }) =>
      lines.push(`${direction} ${fromBytes(bytes)}${end}`)
    ),
  );
  return lines;
}

Deno.test("recordio tells each line, or what there is of one", () => {
  assertEquals(
    recorded((lens) => {
      lens.received(toBytes("EHLO x\r\nMA"));
      lens.received(toBytes("IL\n\n"));
      lens.written(toBytes("220 hi\r\n"));
      lens.ended!();
      lens.closed!();
    }),
    [
      "< EHLO x\r ",
      "< MA+",
      "< IL ",
      "<  ",
      "> 220 hi\r ",
      "< [EOF]",
      "> [EOF]",
    ],
  );
});

Deno.test("recordio's lines have 256 bytes at most", () => {
  const a = "a".repeat(256), b = "b".repeat(44);
  assertEquals(
    recorded((lens) => lens.received(toBytes(`${a}${b}\n`))),
    [`< ${a}+`, `< ${b} `],
  );
  assertEquals(
    recorded((lens) => lens.received(toBytes(`${a}\n`))),
    [`< ${a}+`, "<  "],
  );
});

Deno.test("recordio tells nothing of what is encrypted", () => {
  assertEquals(recorder(() => {}).again(), null);
  assertEquals(crFixer().again() === null, false);
});
