/** Logs as blocks: what of a compressed one can be read is read. */
import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileSource, UnreadableLog } from "../../lib/trace/blocks.ts";
import { inFolder } from "../support/peers.ts";

/** What is read of a file, and what is said of its end. */
async function read(path: string) {
  const cuts: string[] = [];
  let length = 0;
  const reading = {
    passed() {},
    cut: (_: string, why: string) => cuts.push(why),
  };
  for await (const block of fileSource(path, reading).blocks()) {
    length += block.length;
  }
  return { cuts, length };
}

/** Gzip makes some of it, but not little. */
const text = new Uint8Array(5 << 20).map((_, i) => (i * i) >> 7);
const compressed = gzipSync(text);

Deno.test("what stands before the end of a cut log is read", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log.gz`;
    await Deno.writeFile(path, compressed);
    assertEquals(await read(path), { cuts: [], length: text.length });
    await Deno.writeFile(path, compressed.subarray(0, -100));
    const cut = await read(path);
    assertEquals(cut.cuts, ["unexpected end of file"]);
    assert(cut.length >= 4 << 20, `${cut.length} bytes`);
  }));

Deno.test("a log that only begins as if it were compressed is none", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log.gz`;
    await Deno.writeFile(path, compressed.subarray(0, 10).fill(255, 3));
    await assertRejects(() => read(path), UnreadableLog, path);
  }));
