/**
 * Waiting for a program that may never end.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ending } from "../../lib/sys/ending.ts";
import { openNull } from "../../lib/sys/descriptors.ts";
import { output, testWith } from "../support/peers.ts";
import { spawn } from "../../lib/sys/spawn.ts";

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

testWith(
  { root: true },
  "one that we may not kill is not waited for",
  async () => {
    const program = `
    import { ending } from "./lib/exec/ending.ts";
    import { openNull } from "./lib/posix/descriptors.ts";
    import { dropUser } from "./lib/posix/ids.ts";
    import { spawn } from "./lib/posix/spawn.ts";
    const nothing = openNull();
    const pid = spawn({
      path: "/bin/sleep",
      args: ["sleep", "60"],
      env: [],
      descriptors: [[nothing, 1], [nothing, 2]],
    });
    dropUser(65534);
    console.log(pid, await ending(pid, 0.2));
    Deno.exit();`;
    const { stdout } = await output(Deno.execPath(), [
      ...["run", "-A", "--no-check", "--unstable-net", "--ext=ts", "-"],
    ], { stdin: program, cwd: new URL("../..", import.meta.url).pathname });
    const [pid, said] = stdout.trim().split(" ");
    Deno.kill(Number(pid), "SIGKILL");
    assertEquals(said, "null");
  },
);

Deno.test("one that ends in time tells how", async () => {
  assertEquals(await ending(run("exit 111"), 20), 111 << 8);
  assertEquals(await ending(run("kill -9 $$"), 20), 9);
});
