/**
 * The SysV script: whom it believes, and what it says when it cannot.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  freePort,
  plain,
  processesWith,
  startTimeOf,
  withBystander,
  withScript,
} from "../support/init_script.ts";
import { needing, output, postern, until } from "../support/peers.ts";

const gatesOf = (folder: string) =>
  processesWith(`${postern} serve`, `${folder}/run`).length;

Deno.test(
  needing({}, "a line of the state file that says too little is nobody's"),
  () =>
    withScript(
      plain(freePort()),
      {},
      ({ call, folder, state }) =>
        withBystander(async (pid) => {
          await Deno.mkdir(`${folder}/run`);
          const started = startTimeOf(pid);
          for (
            const line of [
              "serve",
              "serve ",
              `serve ${pid}`,
              `serve ${pid} `,
              `serve 0 ${started}`,
              `serve -1 ${started}`,
              `serve ${pid} ${started} another-boot`,
              `serve 4194305 `,
            ]
          ) {
            await Deno.writeTextFile(state, `${line}\n`);
            assertEquals((await call("status")).code, 1, line);
            assertEquals((await call("reload")).code, 7, line);
            assertEquals((await call("stop")).code, 0, line);
            assertEquals((await call("status")).code, 3, line);
          }
        }),
    ),
);

Deno.test(
  needing({}, "root kills nobody whom a file names that others may write"),
  () =>
    withScript(
      plain(freePort()),
      {},
      ({ call, folder, state }) =>
        withBystander(async (pid) => {
          await Deno.mkdir(`${folder}/run`);
          const line = `serve ${pid} ${startTimeOf(pid)}\n`;
          await Deno.writeTextFile(state, line);
          for (const mode of [0o666, 0o664, 0o646]) {
            await Deno.chmod(state, mode);
            assertEquals((await call("status")).code, 4);
            for (const verb of ["stop", "start", "restart", "reload"]) {
              const refused = await call(verb);
              assertEquals(refused.code, 1, verb);
              assertMatch(refused.stderr, /may be another's/);
            }
          }
          await Deno.remove(state);
          await Deno.writeTextFile(`${folder}/elsewhere`, line);
          await Deno.symlink(`${folder}/elsewhere`, state);
          assertEquals((await call("stop")).code, 1);
          await Deno.remove(state);
        }),
    ),
);

Deno.test(needing({}, "what umask was does not count"), () =>
  withScript(
    plain(freePort()),
    { shell: ["/bin/sh", "-c", 'umask 0; exec /bin/sh "$0" "$@"'] },
    async ({ call, folder }) => {
      assertEquals((await call("start")).code, 0);
      for (const { name } of Deno.readDirSync(`${folder}/run`)) {
        const { mode } = await Deno.stat(`${folder}/run/${name}`);
        assertEquals(mode! & 0o022, 0, name);
      }
      const [pid] = processesWith(`${postern} serve`, `${folder}/run`);
      const status = Deno.readTextFileSync(`/proc/${pid}/status`);
      assertMatch(status, /^Umask:\t0022$/m);
    },
  ));

Deno.test(
  needing({ root: true }, "exit codes are LSB's"),
  () =>
    withScript(plain(freePort()), {
      edit: (text, folder) =>
        text.replace(/^subsys=.*$/m, `subsys=${folder}/subsys`),
    }, async ({ call, folder, path, state }) => {
      await Deno.mkdir(`${folder}/subsys`);
      assertEquals((await call("start")).code, 0);
      assertEquals([...Deno.readDirSync(`${folder}/subsys`)].length, 1);
      await Deno.chmod(path, 0o755);
      const asNobody = (verb: string) =>
        output("setpriv", [
          ...["--reuid", "65534", "--regid", "65534", "--clear-groups"],
          ...["/bin/sh", path, verb],
        ]);
      assertEquals((await asNobody("status")).code, 0);
      for (const verb of ["start", "stop", "restart", "reload"]) {
        assertEquals((await asNobody(verb)).code, 4, verb);
      }
      Deno.kill(
        processesWith(`${postern} serve`, state.slice(0, -6))[0],
        "SIGKILL",
      );
      await until("it is dead", async () => (await call("status")).code === 1);
      await Deno.remove(state);
      assertEquals((await call("status")).code, 2, "the lock file is left");
      assertEquals((await call("stop")).code, 0);
      assertEquals([...Deno.readDirSync(`${folder}/subsys`)], []);
      assertEquals((await call("try-restart")).code, 0);
      assertEquals((await call("status")).code, 3);
      assertEquals((await call("force-reload")).code, 7);
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(
        path,
        text.replace(/^postern=.*$/m, "postern=/nowhere/postern"),
      );
      assertEquals((await call("start")).code, 5);
      assertEquals((await call("")).code, 2);
    }),
);

Deno.test(
  needing(
    { root: true, peers: ["unshare"] },
    "where processes cannot be seen " +
      "nothing is started or stopped",
  ),
  () =>
    withScript(plain(freePort()), {}, async ({ call, path, folder }) => {
      assertEquals((await call("start")).code, 0);
      const blind = (verb: string) =>
        output("unshare", [
          ...["--mount", "sh", "-c"],
          `mount -t tmpfs none /proc && exec /bin/sh ${path} ${verb}`,
        ]);
      assertEquals((await blind("status")).code, 4);
      assertEquals((await blind("stop")).code, 1);
      assertEquals((await blind("start")).code, 1);
      assertEquals(gatesOf(folder), 1);
    }),
);

Deno.test(
  needing(
    { root: true, peers: ["unshare"] },
    "a run folder that is read-only " +
      "is told",
  ),
  () =>
    withScript(plain(freePort()), {}, async ({ path, folder }) => {
      await Deno.mkdir(`${folder}/run`);
      const start = await output("unshare", [
        ...["--mount", "sh", "-c"],
        `mount -t tmpfs -o ro none ${folder}/run && /bin/sh ${path} start`,
      ]);
      assertEquals(start.code, 1);
      assertMatch(start.stderr, /unable to write in .*\/run/);
    }),
);
