import { assertEquals } from "@std/assert";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { BinaryChunks, TextChunks } from "../../lib/smtp/chunks.ts";
import type { Framer } from "../../lib/smtp/framer.ts";
import { DataFramer } from "../../lib/smtp/framing.ts";

const rules = { strict: true, lfEndsLines: false, lineBytes: 100_000 };

/** The output for an input that comes in pieces of one size. */
function framed(framer: Framer, input: string, size: number): string {
  const bytes = toBytes(input), pieces: Uint8Array[] = [];
  framer.feed(bytes.subarray(0, 0), 0);
  const early = framer.take();
  if (early) pieces.push(early);
  for (let at = 0; at < bytes.length; at += size) {
    framer.feed(bytes.subarray(at, at + size), 0);
    const piece = framer.take();
    if (piece) pieces.push(piece);
  }
  if (!framer.ended) framer.finish();
  const rest = framer.take();
  return fromBytes(concat(rest ? [...pieces, rest] : pieces));
}

/** Of our trace, if a name in it is very long. */
const longHead = `Received: by ${"us".repeat(2100)};\n  now\n`;

for (const head of ["Received: by us;\n  now\n", longHead]) {
  Deno.test(`a text that starts with a blank does not go on with our trace of ${head.length} bytes`, () => {
    const long = "x".repeat(9000);
    for (const size of [1, 2, 3, 7, 100_000]) {
      for (
        const [text, output] of [
          [" for <x@y>;", "\n for <x@y>;"],
          ["\tfor <x@y>;", "\n\tfor <x@y>;"],
          [`. stuffed`, "\n stuffed"],
          [` ${long}`, `\n ${long}`],
          ["Subject: x", "Subject: x"],
          ["", ""],
        ]
      ) {
        assertEquals(
          framed(new DataFramer(head, rules), `${text}\r\n.\r\n`, size),
          `${head}${output}\n`,
        );
        if (text.startsWith(".")) continue;
        assertEquals(
          framed(new TextChunks(head, rules), `${text}\r\n`, size),
          `${head}${output}\n`,
        );
        assertEquals(
          framed(new BinaryChunks(head), `${text}\r\n`, size),
          `${head}${output}\n`.replaceAll("\n", "\r\n"),
        );
      }
      assertEquals(
        framed(
          new DataFramer(head, { ...rules, strict: false }),
          " x\r\n.\r\n",
          size,
        ),
        `${head} x\n`,
        "as qmail-smtpd does",
      );
    }
  });
}
