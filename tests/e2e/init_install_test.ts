/**
 * `init-script --install` and `--uninstall`: all or nothing, and the machine
 * afterwards as it was before. The machine is a folder (--root), but for what
 * has to be refused.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { plain } from "../support/init_script.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const supervisorNames = [
  ...["sysv", "openrc", "systemd", "runit", "daemontools", "s6"],
  ...["inetd", "xinetd"],
];

/** Only what all of them can do. */
const line = ["127.0.0.1", "2525", "smtpd", "--deliver", "discard"];

const initScript = (...args: string[]) =>
  output(postern, ["init-script", ...args]);

/** Each path with its kind, mode, owner and contents. */
function listing(folder: string): string[] {
  const all: string[] = [];
  const visit = (path: string) => {
    const { mode, uid, gid, isSymlink, isDirectory } = Deno.lstatSync(path);
    const contents = isSymlink
      ? Deno.readLinkSync(path)
      : isDirectory
      ? ""
      : Deno.readTextFileSync(path);
    all.push([path, mode, uid, gid, contents].join(" "));
    if (!isDirectory) return;
    const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
    for (const name of names) visit(`${path}/${name}`);
  };
  visit(folder);
  return all;
}

for (const name of supervisorNames) {
  Deno.test(
    needing({}, `${name}: installed, replaced, taken away`),
    () =>
      inFolder(async (folder) => {
        const root = `${folder}/root`;
        await Deno.mkdir(`${root}/etc`, { recursive: true });
        await Deno.writeTextFile(`${root}/etc/inetd.conf`, "# no newline");
        await Deno.chmod(`${root}/etc/inetd.conf`, 0o640);
        const before = listing(root);
        const at = ["--for", name, "--root", root];

        const told = await initScript(...at, "--install", "--dry-run", ...line);
        assertEquals(told.code, 0, told.stderr);
        assertEquals(listing(root), before);
        const made = await initScript(...at, "--install", ...line);
        assertEquals([made.code, made.stderr], [0, ""]);
        assertEquals(told.stdout.replace(/^would /gm, ""), made.stdout);
        const first = listing(root);
        assertEquals((await initScript(...at, "--install", ...line)).code, 0);
        assertEquals(listing(root), first, "again, and nothing changes");

        const other = [...line, "--me", "example.org"];
        assertEquals((await initScript(...at, "--install", ...other)).code, 0);
        const second = listing(root);
        assert(second.join("\n").includes("example.org"));
        assertEquals(
          second.map((each) => each.split(" ")[0]),
          first.map((each) => each.split(" ")[0]),
        );
        const away = await initScript(...at, "--uninstall", "--dry-run");
        assertEquals([away.code, listing(root)], [0, second]);
        const gone = await initScript("--root", root, "--uninstall");
        assertEquals([gone.code, gone.stderr], [0, ""]);
        assertEquals(listing(root), before);
        assertEquals((await initScript(...at, "--uninstall")).code, 100);
      }),
  );
}

Deno.test(
  needing({}, "sysv: the article's links, and those that stop it"),
  () =>
    inFolder(async (root) => {
      const { code } = await initScript(
        ...["--for", "sysv", "--root", root, "--install", ...line],
      );
      assertEquals(code, 0);
      const links = [...["2", "3", "5"].map((level) => `rc${level}.d/S99smtpd`)]
        .concat(["0", "1", "6"].map((level) => `rc${level}.d/K01smtpd`));
      for (const link of links) {
        assertEquals(
          await Deno.readLink(`${root}/etc/${link}`),
          "../init.d/smtpd",
        );
      }
      const { mode } = await Deno.stat(`${root}/etc/rc2.d/S99smtpd`);
      assertEquals(mode! & 0o777, 0o755);
    }),
);

Deno.test(
  needing({}, "what is there and not ours is refused, and nothing changes"),
  () =>
    inFolder(async (root) => {
      const sysv = ["--for", "sysv", "--root", root];
      const refused = async (why: RegExp) => {
        const before = listing(root);
        const { code, stderr } = await initScript(
          ...[...sysv, "--install", ...line],
        );
        assertEquals(code, 100);
        assertMatch(stderr, why);
        assertMatch(stderr, /nothing was changed/);
        assertEquals(listing(root), before);
      };
      await Deno.mkdir(`${root}/etc/init.d`, { recursive: true });
      const script = `${root}/etc/init.d/smtpd`;
      await Deno.writeTextFile(script, "#!/bin/sh\n# Postfix\n");
      await refused(/init\.d\/smtpd is there, and not ours/);
      await Deno.remove(script);
      await Deno.symlink("/usr/sbin/postfix", script);
      await refused(/init\.d\/smtpd is there, and not ours/);
      await Deno.remove(script);
      await Deno.mkdir(script);
      await refused(/init\.d\/smtpd is there, and not ours/);
      await Deno.remove(script);
      // The last of all parts.
      await Deno.writeTextFile(`${root}/etc/rc6.d`, "no folder");
      await refused(/rc6\.d is there, and is no folder/);
      await Deno.remove(`${root}/etc/rc6.d`);
      await Deno.mkdir(`${root}/etc/rc6.d`);
      await Deno.symlink("elsewhere", `${root}/etc/rc6.d/K01smtpd`);
      await refused(/K01smtpd is there, and not ours/);
    }),
);

Deno.test(
  needing({}, "an older script of ours is replaced, and comes back"),
  () =>
    inFolder(async (root) => {
      const sysv = ["--for", "sysv", "--root", root];
      await Deno.mkdir(`${root}/etc/init.d`, { recursive: true });
      const script = `${root}/etc/init.d/smtpd`;
      const older = await initScript("-c", "7", ...line);
      await Deno.writeTextFile(script, older.stdout);
      await Deno.chmod(script, 0o700);
      const before = listing(root);
      const installed = await initScript(...sysv, "--install", ...line);
      assertEquals(installed.code, 0);
      const { code, stderr } = await initScript(
        ...["--for", "runit", "--root", root, "--install", ...line],
      );
      assertEquals(code, 100);
      assertMatch(stderr, /smtpd is installed for sysv: --uninstall/);
      // Somebody has written to it since: it is ours all the same.
      await Deno.writeTextFile(script, "\n# edited\n", { append: true });
      assertEquals((await initScript(...sysv, "--uninstall")).code, 0);
      assertEquals(listing(root), before);
    }),
);

Deno.test(
  needing({}, "what has become another's is not taken away"),
  () =>
    inFolder(async (root) => {
      const sysv = ["--for", "sysv", "--root", root];
      await initScript(...sysv, "--install", ...line);
      const script = `${root}/etc/init.d/smtpd`;
      const ours = await Deno.readTextFile(script);
      await Deno.writeTextFile(script, "#!/bin/sh\n");
      const before = listing(root);
      const refused = await initScript(...sysv, "--uninstall");
      assertEquals(refused.code, 100);
      assertMatch(refused.stderr, /is not what was installed any more/);
      assertEquals(listing(root), before);
      // What others put into a folder that we made stays, and is told.
      await Deno.writeTextFile(script, ours);
      await Deno.writeTextFile(`${root}/etc/init.d/other`, "");
      const taken = await initScript(...sysv, "--uninstall");
      assertEquals(taken.code, 0);
      assertMatch(taken.stdout, /^leave .*\/etc\/init\.d\/: /m);
      assertEquals(
        listing(root).filter((each) => each.startsWith(`${root}/etc/init.d/`))
          .length,
        1,
      );
    }),
);

Deno.test(
  needing({}, "two services in one file, taken away in any order"),
  () =>
    inFolder(async (folder) => {
      for (const order of [["one", "two"], ["two", "one"]]) {
        for (const text of [null, "", "a line", "a line\n"]) {
          const root = `${folder}/${order[0]}${text}`;
          await Deno.mkdir(`${root}/etc`, { recursive: true });
          if (text !== null) {
            await Deno.writeTextFile(`${root}/etc/inetd.conf`, text);
          }
          const before = listing(root);
          for (const [i, name] of ["one", "two"].entries()) {
            const { code } = await initScript(
              ...["--for", "inetd", "--root", root, "--install"],
              ...["--name", name, `127.0.0.${i + 1}`, ...line.slice(1)],
            );
            assertEquals(code, 0);
          }
          for (const name of order) {
            const { code } = await initScript(
              ...["--root", root, "--uninstall", "--name", name],
            );
            assertEquals(code, 0);
          }
          assertEquals(listing(root), before);
        }
      }
    }),
);

Deno.test(
  needing({ root: true }, "what fails midway is put back"),
  () =>
    inFolder(async (folder) => {
      const root = `${folder}/root`;
      await Deno.mkdir(`${root}/etc/rc6.d`, { recursive: true });
      const before = listing(root);
      const script = `mount -t tmpfs -o ro none ${root}/etc/rc6.d &&
        exec "$0" init-script --for sysv --root ${root} --install ${
        line.join(" ")
      }`;
      const { code, stderr } = await output("unshare", [
        ...["--mount", "sh", "-c", script, postern],
      ]);
      assertEquals(code, 111);
      assertMatch(stderr, /unable to write .*K01smtpd: read-only/);
      assertMatch(stderr, /everything is as it was/);
      assertEquals(listing(root), before);
    }),
);

Deno.test(
  needing({}, "paths are taken from where it was printed"),
  () =>
    inFolder(async (folder) => {
      const link = `${folder}/qmail-smtpd`;
      await Deno.symlink(postern, link);
      const printed = async (...args: string[]) => {
        const { code, stdout, stderr } = await output(
          postern,
          ["init-script", ...args],
          { cwd: folder },
        );
        assertEquals(code, 0, stderr);
        return /serve .*--pidfile .*\n +(.*)/.exec(stdout)![1];
      };
      const smtpd = "127.0.0.1 25 smtpd --maildir /M";
      for (
        const [given, wanted] of [
          [
            "-x r.cdb 127.0.0.1 25 smtpd --maildir ./M",
            `-x ${folder}/r.cdb 127.0.0.1 25 smtpd --maildir ${folder}/M`,
          ],
          [`-vx../r.cdb ${smtpd}`, `-vx${folder}/../r.cdb ${smtpd}`],
          [
            `--rules=r.cdb --mail-log m ${smtpd}`,
            `--rules=${folder}/r.cdb --mail-log ${folder}/m ${smtpd}`,
          ],
          [
            `${smtpd} --rcpthosts a.b,c.d --badmailfrom x/y --spf`,
            `${smtpd} --rcpthosts a.b,c.d --badmailfrom ${folder}/x/y --spf`,
          ],
          [
            `${smtpd} --route a.b=lmtp:unix:s,c.d=maildir:M2`,
            `${smtpd} --route a.b=lmtp:unix:${folder}/s,c.d=maildir:${folder}/M2`,
          ],
          [
            `${smtpd} --policy unix:p --postmaster ./P`,
            `${smtpd} --policy unix:${folder}/p --postmaster ${folder}/P`,
          ],
          ["127.0.0.1 25 ./qmail-smtpd", `127.0.0.1 25 ${link}`],
        ]
      ) {
        assertEquals(await printed(...given.split(" ")), wanted);
      }
    }),
);

Deno.test(
  needing({}, "what cannot work is told at once"),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/run.sh`, "");
      const config = `${folder}/c.toml`;
      await Deno.writeTextFile(
        config,
        `pidfile = "/run/x.pid"
rules = "r.cdb"
[[listen]]
port = 2525
program = ["smtpd", "--maildir", "/M"]
`,
      );
      const other = `${folder}/d.toml`;
      await Deno.writeTextFile(
        other,
        `pidfile = "/run/x.pid"
[[listen]]
port = 2525
program = ["smtpd", "--maildir", "M"]
`,
      );
      for (
        const [args, why] of [
          ["--check 0 25 sh", /--check is nothing to start/],
          ["0 25 smtpd --maildirr x", /unknown option '--maildirr'/],
          ["0 25 smtpd --databytes x --maildir /M", /--databytes wants/],
          ["0 25 smtpd --help", /--help/],
          ["0 25 no-such-program", /unable to run no-such-program/],
          ["0 25 /no/such", /unable to run \/no\/such/],
          ["0 25 sh ./x", /"\.\/x" is a path from .* on/],
          ["0 25 sh run.sh", /write .*\/run\.sh/],
          ["0 25 sh --file=../x", /is a path from/],
          ["-U 0 25 sh", /--uid and --gid/],
          ["--ready-fd 5 0 25 sh", /--ready-fd is for s6/],
          ["--log-facility 24 0 25 sh", /--log-facility wants/],
          ["--log-facility nobody 0 25 sh", /--log-facility wants/],
          ["--log-tag -x 0 25 sh", /--log-tag wants/],
          ["--for sysv --detect 0 25 sh", /exclude each other/],
          ["--install --uninstall 0 25 sh", /exclude each other/],
          ["--dry-run 0 25 sh", /--dry-run goes with/],
          [`--config ${config}`, /c\.toml: \[\[listen\]\] 1: rules is/],
          [`--config ${other}`, /d\.toml: \[\[listen\]\] 1: --maildir/],
          ["--uninstall --root / --name no-such", /no no-such is installed/],
        ] as const
      ) {
        const { code, stdout, stderr } = await output(
          postern,
          ["init-script", ...args.split(" ")],
          { cwd: folder },
        );
        assertEquals([code, stdout], [100, ""], args);
        assertMatch(stderr, why);
      }
      const { code, stdout } = await output(
        postern,
        ["init-script", "--name", "x", ...plain("25")],
        { env: { QMAILQUEUE: "/x" } },
      );
      assertEquals(code, 0);
      assertMatch(stdout, /^unset .*QMAILQUEUE/m);
    }),
);
