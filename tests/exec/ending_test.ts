/**
 * Waiting for a program that may never end.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ending } from "../../lib/exec/ending.ts";
import { openNull } from "../../lib/posix/descriptors.ts";
import { spawn } from "../../lib/posix/spawn.ts";

const nothing = openNull();
const run = (command: string) =>
  spawn({
    path: "/bin/sh",
    args: ["sh", "-c", command],
    env: ["PATH=/usr/bin:/bin"],
    descriptors: [[nothing, 0], [nothing, 1]],
  });

Deno.test("a program that does not end is killed, and gone", async () => {
  const pid = run("exec sleep 1000");
  assertEquals(await ending(pid, 0.2), null);
  let there = true;
  try {
    Deno.statSync(`/proc/${pid}`);
  } catch {
    there = false;
  }
  assertEquals(there, false);
});

Deno.test("one that ends in time tells how", async () => {
  assertEquals(await ending(run("exit 111"), 20), 111 << 8);
  assertEquals(await ending(run("kill -9 $$"), 20), 9);
});
