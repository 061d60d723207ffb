/**
 * postern install: onto what is running, over what was there, with a disk that
 * is full or a process that is killed, and all of it taken away again.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const names = [
  ...["tcpserver", "tcprules", "tcprulescheck", "qmail-smtpd", "splogger"],
];

const install = (folder: string, ...args: string[]) =>
  output(postern, ["install", "--to", folder, ...args]);

/** All that there is in a folder, as find tells it. */
async function listing(folder: string): Promise<string> {
  const format = "%p %y %m %U:%G %l %s %T@\\n";
  // The time of a folder's last change is not brought back.
  const args = [folder, "-type", "d", "-printf", "%p %y %m %U:%G\\n"];
  const { stdout } = await output("find", [...args, "-o", "-printf", format]);
  return stdout.split("\n").sort().join("\n");
}

/** A machine on which others have been before. */
async function inUse(act: (folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/bin`);
    await Deno.copyFile("/bin/sleep", `${folder}/bin/postern`);
    await Deno.chmod(`${folder}/bin/postern`, 0o755);
    await Deno.writeTextFile(`${folder}/bin/tcpserver`, "tcpserver of 1996");
    await Deno.symlink("../lib/splogger", `${folder}/bin/splogger`);
    await act(folder);
  });
}

Deno.test(
  needing({}, "all is put in place, and taken away as if it had never been"),
  () =>
    inUse(async (folder) => {
      const before = await listing(folder);
      const bin = `${folder}/bin`;
      const all = [bin, "--man", "--completion"] as const;
      const dry = await install(...all, "--dry-run");
      assertEquals([dry.code, await listing(folder)], [0, before]);
      assertMatch(
        dry.stdout,
        /^would keep \S+\/postern as \S+\/postern\.before/m,
      );

      // What is executed cannot be written to, but replaced.
      const running = new Deno.Command(`${bin}/postern`, { args: ["60"] })
        .spawn();
      const { code, stdout, stderr } = await install(...all);
      running.kill("SIGKILL");
      await running.status;
      assertEquals(code, 0, stderr);
      assertEquals(
        stdout.replaceAll(/^put /gm, "would put ").replaceAll(
          /^(kept|linked)/gm,
          (word) => word === "kept" ? "would keep" : "would link",
        ),
        dry.stdout.replaceAll(/^would make .*\n/gm, ""),
      );
      const info = await Deno.stat(`${bin}/postern`);
      assertEquals(info.mode! & 0o7777, 0o755);
      assertEquals([info.uid, info.gid], [Deno.uid(), Deno.gid()]);
      assertEquals(
        (await output(`${bin}/postern.before-postern`, ["0"])).code,
        0,
      );
      for (const name of names) {
        assertEquals(await Deno.readLink(`${bin}/${name}`), "postern");
      }
      const usage = await output(`${bin}/tcprules`, []);
      assertMatch(usage.stderr, /^tcprules: usage: tcprules rules\.cdb/);
      for (
        const path of [
          "man/man1/postern-install.1",
          "man/man8/postern-smtpd.8",
          "bash-completion/completions/tcpserver",
          "zsh/site-functions/_postern",
          "fish/vendor_completions.d/splogger.fish",
        ]
      ) assert((await Deno.stat(`${folder}/share/${path}`)).size > 0, path);

      // By itself, onto itself.
      const installed = await listing(folder);
      const again = await output(`${bin}/postern`, ["install", "--to", bin]);
      assertEquals([again.code, await listing(folder)], [0, installed]);
      assert(!/^(put|linked|kept)/m.test(again.stdout), again.stdout);

      const end = await output(`${bin}/postern`, [
        ...["install", "--uninstall", "--to", bin],
      ]);
      assertEquals(end.code, 0, end.stderr);
      assertEquals(await listing(folder), before);
      assertEquals((await install(bin, "--uninstall")).code, 100);
    }),
);

Deno.test(
  needing({}, "what cannot be is refused, and changes nothing"),
  () =>
    inUse(async (folder) => {
      const before = await listing(folder);
      const bin = `${folder}/bin`;
      for (
        const [args, wanted] of [
          [["", "--create"], /^postern install: --to wants a path/],
          [[`${folder}/none`], /does not exist; --create makes it\n$/],
          [[`${bin}/tcpserver`], /not a directory; nothing was changed\n$/],
          [
            [`${folder}/sub`, "--create", "--man"],
            /--share DIR is wanted for --man/,
          ],
          [[bin, "extra"], /no operand is wanted/],
          [[bin, "--uninstall"], /there is no \.postern-install\.json/],
        ] as const
      ) {
        const [to, ...more] = args;
        const { code, stdout, stderr } = await install(to, ...more);
        assertEquals([code, stdout], [100, ""], args.join(" "));
        assertMatch(stderr, wanted);
        assertEquals(await listing(folder), before);
      }
      await Deno.writeTextFile(
        `${bin}/tcpserver.before-postern`,
        "older still",
      );
      const taken = await listing(folder);
      const { code, stderr } = await install(bin);
      assertEquals([code, await listing(folder)], [100, taken]);
      assertMatch(stderr, /there is a \S+\/tcpserver\.before-postern already/);
    }),
);

Deno.test(
  needing({}, "a folder is made, and goes with what it was made for"),
  () =>
    inFolder(async (folder) => {
      const before = await listing(folder);
      const to = `${folder}/a/b`;
      const { code, stderr } = await install(to, "--create", "--no-links");
      assertEquals(code, 0, stderr);
      const found = [...Deno.readDirSync(to)].map(({ name }) => name).sort();
      assertEquals(found, [".postern-install.json", "postern"]);
      assertEquals((await install(to, "--uninstall")).code, 0);
      assertEquals(await listing(folder), before);
    }),
);

/** In mounts of its own. */
const mounted = (script: string, ...args: string[]) =>
  output("unshare", ["-m", "sh", "-euc", script, "sh", ...args]);

Deno.test(
  needing(
    { root: true, peers: ["unshare"] },
    "a full disk, and one that is read only",
  ),
  () =>
    inUse(async (folder) => {
      const bin = `${folder}/bin`;
      const full = await mounted(
        `mount -t tmpfs -o size=8m small "$2"; echo here > "$2/tcpserver"
         "$1" install --to "$2" || echo "exit $?"
         ls -A "$2"; cat "$2/tcpserver"`,
        postern,
        bin,
      );
      assertEquals(full.stdout, "exit 111\ntcpserver\nhere\n");
      assertEquals(
        full.stderr,
        `postern install: unable to put ${bin}/postern: out of disk space; ` +
          "nothing was changed\n",
      );
      const fixed = await mounted(
        `mount --bind "$2" "$2"; mount -o remount,bind,ro "$2"
         "$1" install --to "$2" || echo "exit $?"`,
        postern,
        bin,
      );
      assertEquals(fixed.stdout, "exit 111\n");
      assertMatch(
        fixed.stderr,
        /: read-only file system; nothing was changed\n$/,
      );
    }),
);

Deno.test(
  needing(
    { root: true, peers: ["setpriv"] },
    "who may not is told what may be done",
  ),
  () =>
    inUse(async (folder) => {
      const before = await listing(folder);
      const args = ["--reuid", "65534", "--clear-groups", postern, "install"];
      const { code, stderr } = await output("setpriv", [
        ...[...args, "--to", `${folder}/bin`],
      ]);
      assertEquals([code, await listing(folder)], [111, before]);
      assertMatch(stderr, /access denied; nothing was changed\. Be root, or/);
    }),
);

for (const nth of [1, 2, 4, 6, 8]) {
  Deno.test(
    needing({ peers: ["strace"] }, `killed at rename ${nth}, it is made good`),
    () =>
      inUse(async (folder) => {
        const before = await listing(folder);
        const bin = `${folder}/bin`;
        const killed = await output("strace", [
          ...["-f", "-qq", "-o", "/dev/null", "-e", "trace=/^rename"],
          ...["-e", `inject=/^rename:signal=SIGKILL:when=${nth}`],
          ...[postern, "install", "--to", bin],
        ]);
        assert(killed.code !== 0, "it was killed");
        assert(await listing(folder) !== before, "something was done");
        const { code, stderr } = await install(bin);
        assertEquals(code, 0, stderr);
        assertEquals((await output(`${bin}/postern`, ["-V"])).code, 0);
        assertEquals((await install(bin, "--uninstall")).code, 0);
        assertEquals(await listing(folder), before);
      }),
  );
}
