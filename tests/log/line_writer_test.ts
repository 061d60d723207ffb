import { assert, assertEquals } from "@std/assert";
import { LineWriter } from "../../lib/log/line_writer.ts";

const line = (i: number) => `line ${i} `.padEnd(99, ".");
const notice = (count: number) => `${count} dropped`;
const perMegabyte = (1 << 20) / 100;

/** A pipe whose reader does what the test says. */
class Pipe {
  text = "";
  /** Bytes taken by each write. */
  sizes: number[] = [];
  /** What a write does instead of taking all. */
  behave: (bytes: Uint8Array) => number | Promise<number> = (bytes) =>
    bytes.length;
  readonly writer = new LineWriter(async (bytes) => {
    const n = await this.behave(bytes);
    this.sizes.push(n);
    this.text += new TextDecoder().decode(bytes.subarray(0, n));
    return n;
  }, notice);

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

Deno.test("lines leave in order, in pieces that a pipe keeps whole", async () => {
  const pipe = new Pipe();
  for (let i = 0; i < 1000; i++) pipe.writer.line(line(i));
  pipe.writer.line("x".repeat(5000));
  pipe.writer.line("end");
  await pipe.writer.flush(10);
  const expected = Array.from({ length: 1000 }, (_, i) => line(i));
  assertEquals(pipe.lines, [...expected, "x".repeat(5000), "end"]);
  assertEquals(pipe.sizes.filter((n) => n > 4096), [5001]);
  assert(pipe.sizes.length < 30, "many lines go out at once");
});

Deno.test("a slow reader loses nothing below the bound", async () => {
  const pipe = new Pipe();
  pipe.behave = (bytes) =>
    new Promise((resolve) => setTimeout(resolve, 1, bytes.length));
  const count = Math.floor(perMegabyte) - 10;
  for (let i = 0; i < count; i++) pipe.writer.line(line(i));
  await pipe.writer.flush(20);
  assertEquals(pipe.lines.length, count);
  assert(!pipe.text.includes("dropped"));
});

Deno.test("above the bound lines are dropped where a notice stands", async () => {
  const pipe = new Pipe();
  let go = () => {};
  const closed = new Promise<void>((resolve) => go = resolve);
  pipe.behave = (bytes) => closed.then(() => bytes.length);
  for (let i = 0; i < 30_000; i++) pipe.writer.line(line(i));
  await pipe.writer.flush(0.05); // gives up
  assertEquals(pipe.text, "");
  go();
  await pipe.writer.flush(10);
  for (let i = 30_000; i < 30_010; i++) pipe.writer.line(line(i));
  await pipe.writer.flush(10);
  const kept = pipe.lines.length - 11;
  assert(kept > perMegabyte - 2 && kept < perMegabyte + 2, `${kept} lines`);
  assertEquals(pipe.lines, [
    ...Array.from({ length: kept }, (_, i) => line(i)),
    notice(30_000 - kept),
    ...Array.from({ length: 10 }, (_, i) => line(30_000 + i)),
  ]);
});

Deno.test("lines that a reader was not there for are counted", async () => {
  const pipe = new Pipe();
  pipe.writer.line("before");
  await pipe.writer.flush(1);
  pipe.behave = () => {
    throw new Deno.errors.BrokenPipe();
  };
  for (let i = 0; i < 5; i++) {
    pipe.writer.line("lost");
    await pipe.writer.flush(1);
  }
  pipe.behave = (bytes) => bytes.length;
  pipe.writer.line("after");
  await pipe.writer.flush(1);
  assertEquals(pipe.lines, ["before", notice(5), "after"]);
});

Deno.test("a line that was cut is ended before the next", async () => {
  const pipe = new Pipe();
  let writes = 0;
  pipe.behave = () => {
    if (++writes === 1) return 5;
    throw new Error("No space left on device");
  };
  pipe.writer.line("first line");
  await pipe.writer.flush(1);
  pipe.behave = (bytes) => bytes.length;
  pipe.writer.line("second line");
  await pipe.writer.flush(1);
  assertEquals(pipe.lines, ["first", notice(1), "second line"]);
});

Deno.test("a full pipe that does not block is tried again", async () => {
  const pipe = new Pipe();
  let writes = 0;
  pipe.behave = (bytes) => {
    if (++writes % 2 === 1) throw new Deno.errors.WouldBlock();
    return Math.min(bytes.length, 7);
  };
  pipe.writer.line("one line");
  pipe.writer.line("another line");
  await pipe.writer.flush(5);
  assertEquals(pipe.lines, ["one line", "another line"]);
});
