import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  closeDescriptor,
  doNotBlock,
  openDescriptors,
  pipe,
  readNow,
  writeNow,
  writeSome,
} from "../../lib/sys/descriptors.ts";
import { createFile } from "../../lib/sys/files.ts";
import {
  readable,
  readSome,
  untilHangup,
  writable,
} from "../../lib/sys/readable.ts";
import { inFolder, output } from "../support/peers.ts";

// A helper thread may end a moment later than the test that made it wait.
const options = { sanitizeOps: false, sanitizeResources: false };

const inMs = (ms: number) => performance.now() + ms;

/** Runs a program of its own until nothing keeps it. */
async function runs(program: string, says: string, before = ""): Promise<void> {
  const { stdout, stderr } = await output("/bin/sh", [
    "-c",
    `${before} exec "$0" run -A --no-check --unstable-net --ext=ts -`,
    Deno.execPath(),
  ], { stdin: program, cwd: fileURLToPath(new URL("../..", import.meta.url)) });
  assertEquals(stdout, says, stderr);
}

Deno.test("readable() waits for hundreds on one thread", options, async () => {
  const program = `
    import { closeDescriptor, pipe, writeNow } from "./lib/sys/descriptors.ts";
    import { readable } from "./lib/sys/readable.ts";
    const threads = () => [...Deno.readDirSync("/proc/self/task")].length;
    const { read: warmUp, write } = pipe();
    closeDescriptor(write);
    await readable(warmUp);
    const before = threads();
    const pipes = Array.from({ length: 300 }, pipe);
    let told = 0;
    const waits = pipes.map(({ read }) => readable(read).then(() => told++));
    writeNow(pipes[299].write, new Uint8Array(1));
    await waits[299];
    console.log(told, threads() <= before + 1);
    for (const { write } of pipes) closeDescriptor(write);
    await Promise.all(waits);
    console.log(told);`;
  await runs(program, "1 true\n300\n");
});

Deno.test(
  "readable() has an end, and may be asked again",
  options,
  async () => {
    const { read, write } = pipe();
    doNotBlock(read);
    assertEquals(await readable(read, inMs(20)), false);
    assertEquals(await readable(read, inMs(-20)), false);
    const wait = readable(read, inMs(20_000));
    writeNow(write, new Uint8Array(1));
    assertEquals(await wait, true);
    assertEquals(await readable(read), true, "the byte is still there");
    readNow(read, 10);
    assertEquals(await readable(read, inMs(20)), false);
    closeDescriptor(write);
    assertEquals(await readable(read), true, "the end is something to read");
    closeDescriptor(read);
  },
);

Deno.test("writable() waits for room", options, async () => {
  const { read, write } = pipe();
  doNotBlock(read);
  doNotBlock(write);
  assertEquals(await writable(write), true);
  const bytes = new Uint8Array(65536);
  while (writeSome(write, bytes) !== 0);
  assertEquals(await writable(write, inMs(20)), false);
  const wait = writable(write);
  while (readNow(read, 65536).length > 0);
  assertEquals(await wait, true);
  closeDescriptor(read);
  assertEquals(await writable(write), true, "nobody reads: writing tells");
  assertEquals(writeSome(write, bytes), "gone");
  closeDescriptor(write);
});

Deno.test(
  "a file, and a second wait for one, are errors",
  options,
  () =>
    inFolder(async (folder) => {
      const file = createFile(`${folder}/file`, 0o600);
      await assertRejects(() => readable(file, inMs(20)), Error, "EPERM");
      closeDescriptor(file);
      const { read, write } = pipe();
      const wait = readable(read);
      await assertRejects(() => readable(read), Error, "EEXIST");
      writeNow(write, new Uint8Array(1));
      assertEquals(await wait, true);
      closeDescriptor(read);
      closeDescriptor(write);
    }),
);

Deno.test("readSome() gives bytes, then the end", options, async () => {
  const { read, write } = pipe();
  const first = readSome(read);
  writeNow(write, new TextEncoder().encode("hello"));
  assertEquals(new TextDecoder().decode(await first), "hello");
  const second = readSome(read);
  closeDescriptor(write);
  assertEquals((await second).length, 0);
  closeDescriptor(read);
});

Deno.test(
  "untilHangup() reads what comes, and waits for the end",
  options,
  async () => {
    const { read, write } = pipe();
    let over = false;
    const wait = untilHangup(read).then(() => over = true);
    for (let i = 0; i < 3; i++) {
      writeNow(write, new Uint8Array(10_000));
      assertEquals(await readable(write, inMs(10)), false); // time goes by
      assertEquals(over, false);
    }
    closeDescriptor(write);
    await wait;
    closeDescriptor(read);
  },
);

Deno.test("openDescriptors() needs none itself", options, async () => {
  assert(openDescriptors().includes(2));
  const program = `
    import { openDescriptors, pipe } from "./lib/sys/descriptors.ts";
    const made = [];
    try { for (;;) made.push(pipe().read); } catch { /* all are taken */ }
    const open = openDescriptors();
    console.log(made.length > 5 && made.every((fd) => open.includes(fd)));
    Deno.exit();`;
  await runs(program, "true\n", "ulimit -n 80;");
});
