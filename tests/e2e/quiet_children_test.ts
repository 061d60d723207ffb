/**
 * A gate to programs executes itself once at its start; nothing else of it may
 * be seen than the mask.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { TestGate } from "../support/gate.ts";
import { inFolder, needing, postern } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";

const quiet = ["-v", "-R", "-H", "-l", "here"];
const local = ["127.0.0.1", "0"];
const childSignal = 1n << 16n; // signal 17, counted from 1

/** Whether all threads block SIGCHLD. */
function isQuiet(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return [...Deno.readDirSync(tasks)].every(({ name }) => {
    const status = Deno.readTextFileSync(`${tasks}/${name}/status`);
    const mask = BigInt(`0x${status.match(/SigBlk:\t(\w+)/)![1]}`);
    return (mask & childSignal) !== 0n;
  });
}

const read = (pid: number, file: string) =>
  Deno.readTextFileSync(`/proc/${pid}/${file}`);

Deno.test(
  needing({}, "no thread is woken for a child, and no child knows"),
  () =>
    inFolder(async (folder) => {
      const name = `${folder}/tcpserver`;
      await Deno.symlink(postern, name);
      const program = ["grep", "SigBlk", "/proc/self/status"];
      const line = [name, "-1", ...quiet, ...local, ...program];
      const gate = await TestGate.start(
        ["-c", `exec "$@" <&-`, "sh", ...line],
        { program: "/bin/sh", asGiven: true },
      );
      try {
        const conn = await Deno.connect({ port: gate.port });
        const answer = await new Response(conn.readable).text();
        assertEquals(answer, "SigBlk:\t0000000000000000\n");
        const { pid } = gate.child;
        assert(isQuiet(pid));
        assertEquals(read(pid, "comm"), "tcpserver\n");
        assertEquals(read(pid, "cmdline").split("\0").slice(0, -1), line);
        assertEquals((await gate.stop()).code, 0);
      } finally {
        await gate.stop("SIGKILL");
      }
    }),
);

Deno.test(needing({}, "workers are as quiet"), async () => {
  const serve = ["--workers", "2", ...quiet, ...local, "echo", "hello"];
  const gate = await TestGate.start(serve);
  try {
    const workers = childrenOf(gate.child.pid);
    assertEquals(workers.map(isQuiet), [true, true]);
    assertEquals(workers.map((pid) => read(pid, "comm")), [
      "postern\n",
      "postern\n",
    ]);
    assertEquals((await gate.stop()).code, 0);
  } finally {
    await gate.stop("SIGKILL");
  }
});
