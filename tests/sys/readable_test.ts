import { assert, assertEquals } from "@std/assert";
import {
  closeDescriptor,
  openDescriptors,
  pipe,
  writeNow,
} from "../../lib/sys/descriptors.ts";
import { forget, readable, readSome } from "../../lib/sys/readable.ts";
import { output } from "../support/peers.ts";

const options = { sanitizeResources: false }; // the epoll descriptor stays

const threads = () => [...Deno.readDirSync("/proc/self/task")].length;

Deno.test("readable() waits for hundreds on one thread", options, async () => {
  const { read: warmUp, write } = pipe();
  closeDescriptor(write);
  await readable(warmUp);
  closeDescriptor(warmUp);
  const before = threads();
  const pipes = Array.from({ length: 300 }, pipe);
  let told = 0;
  const waits = pipes.map(({ read }) => readable(read).then(() => told++));
  writeNow(pipes[299].write, new Uint8Array(1));
  await waits[299];
  assertEquals(told, 1);
  assert(threads() <= before + 1, "a thread for each");
  for (const { write } of pipes) closeDescriptor(write);
  await Promise.all(waits);
  for (const { read } of pipes) closeDescriptor(read);
});

Deno.test(
  "forget() ends a wait, and the next of its number",
  options,
  async () => {
    for (let i = 0; i < 3; i++) {
      const { read, write } = pipe();
      const wait = readable(read);
      forget(read);
      await wait;
      forget(read); // nobody waits
      closeDescriptor(read);
      closeDescriptor(write);
    }
  },
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

Deno.test("openDescriptors() needs none itself", options, async () => {
  assert(openDescriptors().includes(2));
  const program = `
    import { openDescriptors, pipe } from "./lib/posix/descriptors.ts";
    const made = [];
    try { for (;;) made.push(pipe().read); } catch { /* all are taken */ }
    const open = openDescriptors();
    console.log(made.length > 5 && made.every((fd) => open.includes(fd)));
    Deno.exit();`;
  const { stdout } = await output("/bin/sh", [
    "-c",
    'ulimit -n 80; exec "$0" run -A --no-check --unstable-net --ext=ts -',
    Deno.execPath(),
  ], { stdin: program, cwd: new URL("../..", import.meta.url).pathname });
  assertEquals(stdout, "true\n");
});
