/**
 * The SysV script's run folder: others may write to it, or there is no room.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { freePort, plain, withScript } from "../support/init_script.ts";
import { needing, output } from "../support/peers.ts";

Deno.test(
  needing({ root: true }, "a run folder that others may write to is refused"),
  () =>
    withScript(plain(freePort()), {}, async ({ folder, call }) => {
      const run = `${folder}/run`;
      await Deno.mkdir(run);
      const refused = async (verb: string, code: number) => {
        const called = await call(verb);
        assertEquals(called.code, code, verb);
        assertMatch(called.stderr, /others may write in .*\/run/);
      };
      await Deno.chmod(run, 0o775);
      await refused("start", 1);
      await Deno.chmod(run, 0o755);
      await Deno.chown(run, 65534, 65534);
      await refused("start", 1);
      await Deno.chown(run, 0, 0);
      assertEquals((await call("start")).code, 0);
      await Deno.chmod(run, 0o757);
      await refused("status", 4);
      for (const verb of ["stop", "restart", "reload"]) await refused(verb, 1);
      // As in /tmp, where nobody takes away what is another's.
      await Deno.chmod(run, 0o1777);
      assertEquals((await call("stop")).code, 0);
    }),
);

Deno.test(
  needing({ root: true, peers: ["unshare"] }, "no room leaves nothing behind"),
  () =>
    withScript(plain(freePort()), {}, async ({ path, folder }) => {
      await Deno.mkdir(`${folder}/run`);
      const called = await output("unshare", [
        ...["--mount", "sh", "-c"],
        'cd "$0"; for inodes in 2 3 4 5; do ' +
        "mount -t tmpfs -o mode=755,nr_inodes=$inodes none run; " +
        'sh "$1" start; echo "$?"; sh "$1" status; echo "$?"; ls run; ' +
        "umount run; done",
        ...[folder, path],
      ]);
      const failed = "1\ntest-smtpd is not running\n3\n";
      assertEquals(called.stdout, failed.repeat(4));
      assert(!called.stderr.includes("already"), called.stderr);
    }),
);
