import { assert, assertEquals } from "@std/assert";
import { LineBlocks } from "../../lib/log/line_blocks.ts";
import { flushAll } from "../../lib/log/line_writer.ts";

const encoder = new TextEncoder();
const line = (i: number) => `line ${i} `.padEnd(99, ".");

/** A file whose disk does what the test says. */
class Disk {
  text = "";
  writes = 0;
  /** How many bytes a write takes; may throw, or take its time. */
  behave: (bytes: Uint8Array) => number | Promise<number> = (bytes) =>
    bytes.length;
  readonly lines = new LineBlocks(async (bytes) => {
    const copy = bytes.slice();
    this.writes++;
    const taken = await this.behave(copy);
    this.text += new TextDecoder().decode(copy.subarray(0, taken));
    return taken;
  }, (count) => `${count} lost`);

  say(from: number, to: number): void {
    for (let i = from; i < to; i++) this.lines.line(encoder.encode(line(i)));
  }

  get told(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => line(from + i));

const full = () => {
  throw new Error("out of disk space");
};

Deno.test("lines leave together, whole and in order", async () => {
  const disk = new Disk();
  disk.say(0, 2000);
  await flushAll(5);
  assertEquals(disk.told, range(0, 2000));
  assert(disk.writes < 6, `${disk.writes} writes`);
  await flushAll(5); // nothing is left
  disk.say(2000, 2001);
  assertEquals(disk.told.length, 2000, "it waits for others");
  await flushAll(5);
  assertEquals(disk.told.length, 2001);
});

Deno.test("without being asked they leave a little later", async () => {
  const disk = new Disk();
  disk.say(0, 1);
  while (disk.text === "") await new Promise((over) => setTimeout(over, 5));
  assertEquals(disk.told, range(0, 1));
});

Deno.test("what comes while a write takes its time is kept, up to a bound", async () => {
  const disk = new Disk();
  let go = () => {};
  const slow = new Promise<void>((over) => go = over);
  disk.behave = (bytes) => slow.then(() => bytes.length);
  disk.say(0, 20_000);
  await disk.lines.flush(0.01); // gives up
  assertEquals(disk.text, "");
  go();
  await flushAll(5);
  const told = disk.told;
  const kept = told.findIndex((each) => each.endsWith(" lost"));
  assert(kept > 10_000, `${kept} lines were kept`);
  assertEquals(told.slice(0, kept), range(0, kept));
  assertEquals(told.slice(kept), [`${20_000 - kept} lost`]);
});

Deno.test("lines that a full disk did not take are counted, and told", async () => {
  const disk = new Disk();
  disk.say(0, 1);
  await flushAll(5);
  disk.behave = full;
  disk.say(1, 3);
  await flushAll(5);
  disk.say(3, 4);
  await flushAll(5);
  disk.behave = (bytes) => bytes.length;
  disk.say(4, 5);
  await flushAll(5);
  assertEquals(disk.told, [line(0), "3 lost", line(4)]);
});

Deno.test("a line that was cut by a full disk is ended before the next", async () => {
  const disk = new Disk();
  disk.say(0, 2);
  disk.behave = (bytes) => bytes.length < 150 ? full() : 150;
  await flushAll(5);
  disk.behave = (bytes) => bytes.length;
  disk.say(2, 3);
  await flushAll(5);
  assertEquals(disk.told, [line(0), line(1).slice(0, 50), "2 lost", line(2)]);
});

Deno.test("a line larger than a block is lost, and no other", async () => {
  const disk = new Disk();
  disk.lines.line(new Uint8Array(70_000).fill(97));
  disk.say(0, 1);
  await flushAll(5);
  assertEquals(disk.told, ["1 lost", line(0)]);
});
