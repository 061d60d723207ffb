/**
 * Waiting for a program that may never end.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "@std/assert";
import { ending } from "../../lib/sys/ending.ts";
import { closeDescriptor, openNull, pipe } from "../../lib/sys/descriptors.ts";
import { needing, output } from "../support/peers.ts";
import { spawn } from "../../lib/sys/spawn.ts";

// A helper thread may end a moment later than the test that made it wait.
const options = { sanitizeOps: false, sanitizeResources: false };

const nothing = openNull();
const run = (command: string, input = nothing) =>
  spawn({
    path: "/bin/sh",
    args: ["sh", "-c", command],
    env: ["PATH=/usr/bin:/bin"],
    descriptors: [[input, 0], [nothing, 1]],
  });

const isThere = (pid: number) => {
  try {
    return !!Deno.statSync(`/proc/${pid}`);
  } catch {
    return false;
  }
};

Deno.test(
  "a program that does not end is killed, and gone",
  options,
  async () => {
    const pid = run("exec sleep 1000");
    assertEquals(await ending(pid, 0.2), null);
    assertEquals(isThere(pid), false);
  },
);

Deno.test("only the one that is late is killed", options, async () => {
  const { read, write } = pipe();
  const late = run("exec sleep 1000");
  const others = Array.from(
    { length: 5 },
    (_, i) => run(`read line; exit ${i}`, read),
  );
  const statuses = others.map((pid) => ending(pid, 60));
  assertEquals(await ending(late, 0.2), null);
  assertEquals(others.every(isThere), true);
  closeDescriptor(read);
  closeDescriptor(write);
  assertEquals(await Promise.all(statuses), others.map((_, i) => i << 8));
});

Deno.test(
  needing({ root: true }, "one that we may not kill is not waited for"),
  async () => {
    const program = `
    import { ending } from "./lib/sys/ending.ts";
    import { openNull } from "./lib/sys/descriptors.ts";
    import { dropUser } from "./lib/sys/ids.ts";
    import { spawn } from "./lib/sys/spawn.ts";
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
    const { stdout, stderr } = await output(Deno.execPath(), [
      ...["run", "-A", "--no-check", "--unstable-net", "--ext=ts", "-"],
    ], {
      stdin: program,
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
    });
    assertMatch(stdout, /^[1-9]\d* /, stderr); // 0 would be ourselves
    const [pid, said] = stdout.trim().split(" ");
    Deno.kill(Number(pid), "SIGKILL");
    assertEquals(said, "null");
  },
);

Deno.test("one that ends in time tells how", options, async () => {
  assertEquals(await ending(run("exit 111"), 20), 111 << 8);
  assertEquals(await ending(run("kill -9 $$"), 20), 9);
});
