/**
 * The SysV script: who carries the log, and qmail beside the gate.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  freePort,
  plain,
  processesWith,
  withBystander,
  withScript,
} from "../support/init_script.ts";
import { needing, postern, until } from "../support/peers.ts";

const carriersOf = (tag: string) =>
  processesWith(`${postern} splogger -- ${tag}`);

Deno.test(
  needing({}, "who carries the log is started again when he dies"),
  () =>
    withScript(
      ["--log-tag", "test-carrier", ...plain(freePort())],
      {},
      async ({ call, state, folder }) => {
        const tag = "test-carrier";
        assertEquals((await call("start")).code, 0);
        await until("somebody carries it", () => carriersOf(tag).length === 1);
        const [first] = carriersOf(tag);
        Deno.kill(first, "SIGKILL");
        await until("another one does", () => {
          const now = carriersOf(tag);
          return now.length === 1 && now[0] !== first;
        });
        assertEquals((await call("status")).stderr, "");

        // Whoever looks after him dies as well: that is seen, and mended.
        const text = await Deno.readTextFile(state);
        const [, keeper] = /^splogger (\d+)/m.exec(text)!;
        Deno.kill(Number(keeper), "SIGKILL");
        const [second] = carriersOf(tag);
        assertEquals((await call("status")).stdout.includes("nobody"), false);
        Deno.kill(second, "SIGKILL");
        await until(
          "it is seen",
          async () =>
            (await call("status")).stdout.includes("nobody carries its log"),
        );
        assertMatch((await call("start")).stderr, /somebody does again/);
        await until("a third one does", () => carriersOf(tag).length === 1);
        assertEquals((await call("status")).stdout.includes("nobody"), false);
        assertEquals((await call("stop")).code, 0);
        await until("none is left", () => carriersOf(tag).length === 0);
        assertEquals([...Deno.readDirSync(`${folder}/run`)], []);
      },
    ),
);

Deno.test(
  needing({}, "the log outlives the gate as long as a session writes it"),
  async () => {
    const port = freePort(), tag = "test-outlives";
    await withScript(
      [
        ...["--log-tag", tag, "-vRHl0", "127.0.0.1", port],
        ...["sh", "-c", "echo ready; read line; echo last words >&2"],
      ],
      {},
      async ({ call }) => {
        assertEquals((await call("start")).code, 0);
        const client = await Deno.connect({ port: Number(port) });
        const buffer = new Uint8Array(16);
        assertEquals(await client.read(buffer), "ready\n".length);
        const stopped = await call("stop");
        assertEquals(stopped.code, 0);
        assertMatch(stopped.stdout, /the log goes on until the last session/);
        assertEquals(carriersOf(tag).length, 1);
        assertEquals((await call("status")).code, 3);
        // Another gate beside it has a log of its own.
        assertEquals((await call("start")).code, 0);
        await until("two logs", () => carriersOf(tag).length === 2);
        client.close();
        await until("one ends", () => carriersOf(tag).length === 1);
      },
    );
  },
);

/** In the place of /var/qmail/rc. */
const rcs = {
  "that stays": "exec sleep 61",
  "that goes into the background": "sleep 61 &",
};

for (const [how, line] of Object.entries(rcs)) {
  Deno.test(
    needing(
      { peers: ["setsid"] },
      `/var/qmail/rc ${how} is started and ` +
        "stopped with the gate, and nothing else is",
    ),
    () =>
      withScript(plain(freePort()), {
        edit: (text, folder) =>
          text.replace(/^qmail_rc=.*$/m, `qmail_rc=${folder}/rc`),
      }, ({ call, folder }) =>
        withBystander(async () => {
          await Deno.writeTextFile(`${folder}/rc`, `#!/bin/sh\n${line}\n`);
          assertEquals((await call("start")).code, 0);
          assertEquals(processesWith("sleep 61").length, 0, "not executable");
          await Deno.chmod(`${folder}/rc`, 0o755);
          assertEquals((await call("start")).code, 0);
          assertEquals(processesWith("sleep 61").length, 1);
          assertEquals((await call("start")).code, 0);
          assertEquals(processesWith("sleep 61").length, 1);
          assertEquals((await call("stop")).code, 0);
          assertEquals(processesWith("sleep 61").length, 0);
          assertEquals((await call("status")).code, 3);
          assertEquals([...Deno.readDirSync(`${folder}/run`)], []);
        })),
  );
}
