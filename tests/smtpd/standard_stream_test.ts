/**
 * Descriptors 0 and 1 as a stream: of a process of its own, whose other ends
 * the tests hold.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";

const program = fileURLToPath(new URL("standard_echo.ts", import.meta.url));

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--unstable-net", program, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Says something, and leaves. */
async function say(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

const textOf = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) =>
  new Response(stream).text();

interface Report {
  readonly told: (number | "ended")[];
  readonly wrong: string[];
}

/** What the program says and reports, when all of that is heard. */
async function end(child: Deno.ChildProcess) {
  const [said, report, { code }] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    child.status,
  ]);
  assertEquals(code, 0, report);
  return { said, ...JSON.parse(report) as Report };
}

/** Bytes whose order can be seen. */
const numbers = (count: number) =>
  Array.from({ length: count }, (_, i) => `${i}\n`).join("");

Deno.test("all input is read, and all output is written", async () => {
  const text = numbers(100_000);
  const child = start("32768");
  const [{ said, told, wrong }] = await Promise.all([
    end(child),
    say(child, text),
  ]);
  assertEquals(said === text + "(end)", true);
  assertEquals(wrong, []);
  assertEquals(told.filter((each) => each === "ended").length, 1);
});

Deno.test("no more is read at once than is wanted", async () => {
  const child = start("10");
  const [{ said, told }] = await Promise.all([
    end(child),
    say(child, "x".repeat(95)),
  ]);
  assertEquals(said, "x".repeat(95) + "(end)");
  const pieces = told.filter((each) => typeof each === "number");
  assertEquals(Math.max(...pieces) <= 10, true, `${pieces}`);
});

Deno.test("nothing is told while it is paused, and everything afterwards", async () => {
  const text = numbers(1000);
  const child = start("500", "pauses");
  const [{ said, wrong }] = await Promise.all([end(child), say(child, text)]);
  assertEquals(said, text + "(end)");
  assertEquals(wrong, []);
});

Deno.test("an end without a word is told", async () => {
  const child = start("1024");
  await child.stdin.close();
  assertEquals(await end(child), { said: "(end)", told: ["ended"], wrong: [] });
});

Deno.test("nothing is read while nobody takes what was written", async () => {
  const child = start("32768");
  const piece = new Uint8Array(32768).fill(0x78);
  const writer = child.stdin.getWriter();
  let taken = 0;
  // The two pipes take some, the program no more than it has said again.
  for (let isTaking = true; isTaking;) {
    const writing = writer.write(piece).then(() => true);
    isTaking = await Promise.race([
      writing,
      new Promise<false>((over) => setTimeout(over, 1000, false)),
    ]);
    if (isTaking) taken += piece.length;
    else writing.catch(() => {}); // it comes to its end below
    assert(taken < 2 << 20, `${taken} bytes`);
  }
  const [{ said, wrong }] = await Promise.all([end(child), writer.close()]);
  assertEquals(said.length, taken + piece.length + "(end)".length);
  assertEquals(wrong, []);
});

Deno.test("who does not listen any more is heard to the end", async () => {
  const child = start("1024");
  await child.stdout.cancel();
  const text = numbers(1000);
  const [report] = await Promise.all([textOf(child.stderr), say(child, text)]);
  const { told, wrong }: Report = JSON.parse(report);
  const pieces = told.filter((each) => typeof each === "number");
  assertEquals(pieces.reduce((sum, each) => sum + each, 0), text.length);
  assertEquals([told.at(-1), wrong], ["ended", []]);
  assertEquals((await child.status).code, 0);
});

Deno.test("nothing is told after it was closed", async () => {
  const child = start("4", "closes");
  const [{ told, wrong }] = await Promise.all([
    end(child),
    say(child, "0123456789"),
  ]);
  assertEquals([told, wrong], [[4], []]);
});
