/**
 * The packages of the executable under test: made, looked at by the tools of
 * their trade, and used as whoever installs them would.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { pack, packed, quickly, said, tryDeb } from "../support/packages.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";

Deno.test(
  needing(
    { peers: ["tar", "gzip", "dh", "dpkg-buildpackage"] },
    "packages are the same whoever makes them and when, and complete",
  ),
  () =>
    inFolder(async (folder) => {
      const env = { SOURCE_DATE_EPOCH: "1700000000" };
      // Any executable; a small one, since it is compressed again and again.
      const once = () => pack(folder, [], env, "/bin/true");
      const first = await once();
      assertEquals(first.code, 0, first.stderr);
      const packages = `${folder}/packages`;
      await said("sh", "-c", `cd ${packages} && sha256sum -c SHA256SUMS`);
      const sums = await Deno.readTextFile(`${packages}/SHA256SUMS`);
      assertMatch(
        sums,
        /-\w+\n.*\.cdx\.json\n.*\.oci\.tar\n.*\.tar\.gz\n.*\.deb\n$/,
      );
      await Deno.remove(packages, { recursive: true });
      assertEquals((await once()).code, 0);
      assertEquals(await Deno.readTextFile(`${packages}/SHA256SUMS`), sums);

      const path = packed(folder, ".tar.gz");
      const list = await said("tar", "-tvf", path);
      assertMatch(list, /^-rwxr-xr-x 0\/0 .* 2023-11-14 22:13 \S+\/postern$/m);
      for (
        const name of [
          ...["README.md", "LICENSE", "NOTICES", "man/postern-serve.1"],
          ...["completion/bash/postern", "completion/zsh/_postern"],
          ...["completion/fish/postern.fish", "fail2ban/filter.d/postern.conf"],
          ...["systemd/postern.service", "init.d/postern"],
          ...["example/postern.toml", "example/rules"],
        ]
      ) assert(list.includes(`/${name}\n`), `${name} is not in it`);
      assert(!/ (?!0\/0)\d+\/\d+ /.test(list), "somebody owns something");
      await said("tar", "-xf", path, "-C", folder, "--strip-components=1");
      await said("sh", "-n", `${folder}/init.d/postern`);
      const unit = await Deno.readTextFile(`${folder}/systemd/postern.service`);
      assertMatch(
        unit,
        /^ExecStart=!\/usr\/bin\/postern serve [\\\n ]+--config \/etc\/postern\//m,
      );
      assert(!/postern-package|nobody|65534/.test(unit), unit);
    }),
);

Deno.test(
  needing(
    { peers: ["dh", "dpkg-buildpackage", "lintian", "ip"], root: true },
    "a Debian package is installed, used, upgraded, removed and purged",
  ),
  () =>
    inFolder(async (folder) => {
      const made = await pack(folder, ["deb"], quickly);
      assertEquals(made.code, 0, made.stderr);
      const deb = packed(folder, ".deb");
      const tags = await output("lintian", ["--allow-root", deb]);
      assertEquals(tags.stdout, "", tags.stderr);
      const lines = await said(tryDeb, deb);
      assertMatch(lines, /^ok {2}after the purge the machine is as it was/m);
    }),
);

Deno.test(
  needing(
    { peers: ["skopeo", "umoci", "runc", "curl", "nsenter"], root: true },
    "an image runs as a plain user, is healthy, and takes mail",
  ),
  () =>
    inFolder(async (folder) => {
      const made = await pack(folder, ["oci"]);
      assertEquals(made.code, 0, made.stderr);
      const archive = packed(folder, ".oci.tar");
      const layout = `${folder}/layout`;
      await Deno.mkdir(layout);
      await said("tar", "-xf", archive, "-C", layout);
      const { manifests: [{ annotations }] } = JSON.parse(
        await Deno.readTextFile(`${layout}/index.json`),
      );
      const tag = annotations["org.opencontainers.image.ref.name"];
      const image = JSON.parse(
        await said(
          "skopeo",
          "inspect",
          "--config",
          "--raw",
          `oci:${layout}:${tag}`,
        ),
      );
      assertMatch(image.config.User, /^[1-9]\d*:[1-9]\d*$/);
      const [, ...probe] = image.config.Healthcheck.Test as string[];

      const bundle = `${folder}/bundle`;
      await said("umoci", "unpack", "--image", `${layout}:${tag}`, bundle);
      const name = `postern-test-${Deno.pid}`;
      await runContainer(name, bundle, async (pid) => {
        const healthy = async () =>
          (await output("runc", ["exec", name, ...probe])).code === 0;
        await until("health", healthy);
        const status = await Deno.readTextFile(`/proc/${pid}/status`);
        assertMatch(status, /^Uid:\s+65532\s/m);
        assertMatch(status, /^CapEff:\s+0+$/m);
        const inside = ["-t", String(pid), "-n"];
        const { code, stderr } = await output("nsenter", [
          ...[...inside, "curl", "-sS", "--crlf", "--upload-file", "-"],
          ...["--url", "smtp://127.0.0.1:2525", "--mail-from", "a@example.org"],
          ...["--mail-rcpt", "b@localhost"],
        ], { stdin: "Subject: hello\n\nIt works.\n" });
        assertEquals(code, 0, stderr);
        const box = `${bundle}/rootfs/var/lib/postern/Maildir/new`;
        assertEquals([...Deno.readDirSync(box)].length, 1);
        const asked = await output("nsenter", [
          ...[...inside, "curl", "-sS", "--url", "smtp://127.0.0.1:2525"],
          ...["--mail-from", "a@example.org", "--mail-rcpt", "b@example.org"],
          ...["--upload-file", "-"],
        ], { stdin: "Subject: on\n\nIt goes on.\n" });
        assert(asked.code !== 0, "it relays");
      });
    }),
);

/** Runs a container until `fn` is done; it has to end well when it is told. */
async function runContainer(
  name: string,
  bundle: string,
  fn: (pid: number) => Promise<void>,
): Promise<void> {
  const path = `${bundle}/config.json`;
  const config = JSON.parse(await Deno.readTextFile(path));
  config.process.terminal = false;
  await Deno.writeTextFile(path, JSON.stringify(config));
  const runc = new Deno.Command("runc", {
    args: ["run", "--bundle", bundle, name],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const pid = async () =>
      JSON.parse((await output("runc", ["state", name])).stdout || "{}").pid;
    await until("the container", async () => Boolean(await pid()));
    await fn(await pid());
    await said("runc", "kill", name, "TERM");
    assertEquals((await runc.status).code, 0);
  } finally {
    await output("runc", ["delete", "--force", name]);
    await runc.status;
  }
}

Deno.test(
  needing({}, "what cannot be packed is refused"),
  () =>
    inFolder(async (folder) => {
      const unknown = await pack(folder, ["rpm"]);
      assertEquals(unknown.code, 1);
      assertMatch(unknown.stderr, /called rpm: deb, tarball, oci, bare, sbom/);
      const none = await pack(folder, ["--executable", `${folder}/none`]);
      assertEquals(none.code, 1);
      assertMatch(
        none.stderr,
        /none: it is not there; scripts\/deno task build/,
      );
      await Deno.writeTextFile(`${folder}/text`, "not a program, by far\n");
      const text = await pack(folder, ["--executable", `${folder}/text`]);
      assertEquals(text.code, 1);
      assertMatch(text.stderr, /no executable for x86_64 or aarch64/);
      await Deno.mkdir(`${folder}/other`);
      await Deno.symlink(postern, `${folder}/other/postern`);
      const bare = await pack(folder, [
        ...["--executable", `${folder}/other/postern`],
      ]);
      assertEquals(bare.code, 1);
      assertMatch(
        bare.stderr,
        /other\/NOTICES, .* scripts\/deno task build makes/,
      );
      const date = await pack(folder, ["tarball"], {
        SOURCE_DATE_EPOCH: "now",
      });
      assertEquals(date.code, 1);
      assertMatch(date.stderr, /SOURCE_DATE_EPOCH is to be seconds/);
    }),
);
