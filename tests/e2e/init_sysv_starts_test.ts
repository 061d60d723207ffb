/**
 * The SysV script: many starts at once, and scripts that are killed.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  freePort,
  plain,
  processesWith,
  withScript,
} from "../support/init_script.ts";
import { needing, postern } from "../support/peers.ts";

const shells: Record<string, string[]> = {
  dash: ["dash"],
  bash: ["bash", "--posix"],
  busybox: ["busybox", "sh"],
};

const gatesOf = (folder: string) =>
  processesWith(`${postern} serve`, `${folder}/run`).length;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const [peerName, shell] of Object.entries(shells)) {
  Deno.test(
    needing(
      { peers: [peerName] },
      `2 to 5 starts at once make one gate, which is known (${peerName})`,
    ),
    () =>
      withScript(plain(freePort()), { shell }, async ({ call, folder }) => {
        const rounds = peerName === "dash" ? 6 : 3;
        for (let round = 0; round < rounds; round++) {
          const verbs = Array(2 + round % 4);
          const started = await Promise.all(
            verbs.fill("start").map(call),
          );
          assertEquals(started.map(({ code }) => code), verbs.fill(0));
          assertEquals(gatesOf(folder), 1);
          assertEquals((await call("status")).code, 0);
          await Promise.all(verbs.fill("stop").map(call));
          assertEquals(gatesOf(folder), 0);
          assertEquals([...Deno.readDirSync(`${folder}/run`)], []);
        }
      }),
  );
}

Deno.test(
  needing({}, "a script that is killed while it starts leaves one gate"),
  () =>
    withScript(plain(freePort()), {}, async ({ call, folder, path }) => {
      for (const afterMs of [5, 15, 30, 45, 60, 80, 100, 130, 160]) {
        const child = new Deno.Command("/bin/sh", {
          args: [path, "start"],
          stdin: "null",
          stdout: "null",
          stderr: "null",
        }).spawn();
        await pause(afterMs);
        try {
          child.kill("SIGKILL");
        } catch {
          // It was quick.
        }
        await child.status;
        const again = await call("start");
        assertEquals([again.code, gatesOf(folder)], [0, 1], `${afterMs}`);
        assertEquals((await call("stop")).code, 0);
        assertEquals(gatesOf(folder), 0);
        assertEquals([...Deno.readDirSync(`${folder}/run`)], []);
      }
    }),
);
