/**
 * `init-script --install` and `--uninstall`, killed at each of their steps,
 * and what administrators do to files meanwhile.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const line = ["127.0.0.1", "2525", "smtpd", "--deliver", "discard"];

const initScript = (root: string, ...args: string[]) =>
  output(postern, ["init-script", "--root", root, ...args]);

/** Each path with its mode and contents. */
async function listing(root: string): Promise<string> {
  const { stdout } = await output("sh", [
    "-c",
    'cd "$0"; { find . -printf "%p %m %l\\n"; ' +
    "find . -type f -exec cksum {} +; } | sort",
    root,
  ]);
  return stdout;
}

async function fresh(root: string): Promise<string> {
  await Deno.remove(root, { recursive: true }).catch(() => {}); // the first
  await Deno.mkdir(`${root}/etc`, { recursive: true });
  await Deno.mkdir(`${root}/var/lib`, { recursive: true });
  await Deno.writeTextFile(`${root}/etc/inetd.conf`, "# no newline");
  return await listing(root);
}

/** Nobody knows whose /var/lib/postern is, as long as nothing is in it. */
const withoutOwn = (listing: string): string =>
  listing.replace(/.*lib\/postern \d+ \n/, "");

const changing = "rename,renameat,renameat2,symlink,symlinkat,mkdir,mkdirat," +
  "unlink,unlinkat,rmdir";

/** @returns whether it came to its end before the kill */
async function killedAt(step: number, root: string, ...args: string[]) {
  const { code } = await output("strace", [
    ...["-f", "-o", "/dev/null", "-e", `trace=${changing}`],
    ...["-e", `inject=${changing}:signal=KILL:when=${step}`],
    ...[postern, "init-script", "--root", root, ...args],
  ]);
  return code === 0;
}

Deno.test(
  needing({ peers: ["strace"] }, "--install: killed at each step, then again"),
  () =>
    inFolder(async (folder) => {
      const root = `${folder}/root`;
      const install = ["--for", "sysv", "--install", ...line];
      for (let step = 1;; step++) {
        const before = await fresh(root);
        if (await killedAt(step, root, ...install)) break;
        const again = await initScript(root, ...install);
        assertEquals([again.code, again.stderr], [0, ""], `step ${step}`);
        const gone = await initScript(root, "--uninstall");
        assertEquals([gone.code, gone.stderr], [0, ""], `step ${step}`);
        const after = await listing(root);
        assertEquals(withoutOwn(after), before, `step ${step}`);
      }
    }),
);

Deno.test(
  needing(
    { peers: ["strace"] },
    "--uninstall: killed at each step, then again",
  ),
  () =>
    inFolder(async (folder) => {
      const root = `${folder}/root`;
      const install = ["--for", "xinetd", "--install", ...line];
      for (let step = 1;; step++) {
        const before = await fresh(root);
        assertEquals((await initScript(root, ...install)).code, 0);
        if (await killedAt(step, root, "--uninstall")) break;
        const { code } = await initScript(root, "--uninstall");
        const after = await listing(root);
        // It may have been as good as done.
        const left = code === 0 ? after : withoutOwn(after);
        assertEquals(left, before, `step ${step}`);
      }
    }),
);

Deno.test(
  needing({}, "links that were given other numbers stay, and go with the rest"),
  () =>
    inFolder(async (folder) => {
      const root = `${folder}/root`, rc2 = `${root}/etc/rc2.d`;
      const before = await fresh(root);
      const install = ["--for", "sysv", "--install", ...line];
      assertEquals((await initScript(root, ...install)).code, 0);
      await Deno.rename(`${rc2}/S99smtpd`, `${rc2}/S04smtpd`);
      await Deno.rename(
        `${root}/etc/rc3.d/S99smtpd`,
        `${root}/etc/rc3.d/K01smtpd`,
      );
      const again = await initScript(root, ...install, "--me", "a.example");
      assertEquals(again.code, 0, again.stderr);
      assertEquals([...Deno.readDirSync(rc2)].map(({ name }) => name), [
        "S04smtpd",
      ]);
      const gone = await initScript(root, "--uninstall");
      assertEquals([gone.code, gone.stderr], [0, ""]);
      assertEquals(await listing(root), before);
    }),
);

Deno.test(
  needing({}, "a record that is none is told, and nothing is changed"),
  () =>
    inFolder(async (folder) => {
      const root = `${folder}/root`;
      await fresh(root);
      const install = ["--for", "sysv", "--install", ...line];
      assertEquals((await initScript(root, ...install)).code, 0);
      const path = `${root}/var/lib/postern/services/smtpd.json`;
      for (const text of ["", "{}", "null", '{"items": 1}']) {
        await Deno.writeTextFile(path, text);
        const before = await listing(root);
        for (const args of [install, ["--uninstall"]]) {
          const { code, stderr } = await initScript(root, ...args);
          assertEquals(code, 111);
          assertMatch(stderr, /unable to read .*smtpd\.json, .* backup/);
        }
        assert(await listing(root) === before);
      }
    }),
);
