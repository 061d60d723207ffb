import { assert, assertEquals } from "@std/assert";
import { StderrCopy } from "../../lib/log/stderr_copy.ts";

const line = "x".repeat(99);
const perMegabyte = (1 << 20) / 100;
const notice = (count: number) => `${count} lost`;

Deno.test("a slow reader of the copy gets every line", async () => {
  let text = "";
  const copy = new StderrCopy(notice, (bytes) => {
    text += new TextDecoder().decode(bytes);
    return new Promise((taken) => setTimeout(taken, 0, bytes.length));
  });
  const count = Math.floor(2 * perMegabyte);
  for (let i = 0; i < count; i++) await copy.line(line);
  await copy.close();
  assertEquals(text.split("\n").length - 1, count);
  assert(!text.includes("lost"));
});

Deno.test("a reader that stands still is waited for once, not by each line", async () => {
  let go = (_: number) => {};
  const stalled = new Promise<number>((resolve) => go = resolve);
  let text = "", writes = 0;
  const copy = new StderrCopy(notice, async (bytes) => {
    if (++writes === 1) await stalled;
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  });
  const count = Math.floor(2 * perMegabyte);
  // At a second each it would take hours.
  for (let i = 0; i < count; i++) await copy.line(line);
  go(0);
  await copy.close();
  await copy.line("last");
  await copy.close();
  const lines = text.trimEnd().split("\n");
  const lost = lines.find((each) => each.endsWith("lost"))!;
  assertEquals(parseInt(lost) + lines.length - 2, count);
  assertEquals(lines.at(-1), "last");
});

Deno.test("a copy that cannot be written counts what is lost", async () => {
  let text = "", isFull = true;
  const copy = new StderrCopy(notice, (bytes) => {
    if (isFull) return Promise.reject(new Error("No space left on device"));
    text += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  });
  for (let i = 0; i < 3; i++) {
    await copy.line(`lost ${i}`);
    await copy.close();
  }
  isFull = false;
  await copy.line("kept");
  await copy.close();
  assertEquals(text, "3 lost\nkept\n");
});
