/**
 * The Debian package: debhelper packs the contents, and what is in the folder
 * debian beside this file says where each goes. Nothing is compiled, so it
 * wants no network.
 *
 * @module
 */
import { classicNames } from "../../cmd/commands.ts";
import { root } from "../build/run.ts";
import { layContents, manualPages } from "./contents.ts";
import type { Release } from "./release.ts";
import { stdoutOf } from "./tools.ts";

/** Makes it in a folder; returns its path. */
export async function makeDebianPackage(
  release: Release,
  folder: string,
  work: string,
): Promise<string> {
  const version = debianVersion(release.version);
  const source = `${work}/source`;
  await layContents(source, release);
  await layDebian(`${source}/debian`, source, release, version);
  const { debian } = release.architecture;
  await stdoutOf("dpkg-buildpackage", [
    ...["--build=binary", "--no-sign", "--host-arch", debian],
    // A compiler, which is never declared and always looked for.
    "--no-check-builddeps",
  ], {
    cwd: source,
    env: { SOURCE_DATE_EPOCH: String(release.epochSeconds) },
  });
  const name = `postern_${version}_${debian}.deb`;
  await Deno.copyFile(`${work}/${name}`, `${folder}/${name}`);
  return `${folder}/${name}`;
}

/**
 * With the revision of the packaging. What comes before a version, 1.0.0-rc.1
 * before 1.0.0, is sorted so by a tilde.
 */
const debianVersion = (version: string): string =>
  `${version.replace("-", "~")}-1`;

/** Lays debian/, with what is made of the release. */
async function layDebian(
  debian: string,
  source: string,
  release: Release,
  version: string,
): Promise<void> {
  await stdoutOf("cp", ["-r", `${root}/scripts/packaging/debian`, debian]);
  const write = (name: string, text: string) =>
    Deno.writeTextFile(`${debian}/${name}`, text);
  const date = new Date(release.epochSeconds * 1000).toUTCString()
    .replace("GMT", "+0000");
  await write(
    "changelog",
    `postern (${version}) unstable; urgency=medium

  * New version; see /usr/share/doc/postern/changelog.gz.

 -- ${maintainer}  ${date}
`,
  );
  const license = await Deno.readTextFile(`${source}/LICENSE`);
  const notices = await Deno.readTextFile(`${source}/NOTICES`);
  await write(
    "copyright",
    `postern is under this licence:

${license}
The executable holds other programs and libraries, under these:

${notices}`,
  );
  await write(
    "postern.manpages",
    manualPages().map((name) => `man/${name}\n`).join(""),
  );
  await write(
    "postern.links",
    classicNames.map((name) => `usr/bin/postern usr/lib/postern/bin/${name}\n`)
      .join(""),
  );
  // Under these names debhelper looks for them.
  await Deno.copyFile(
    `${source}/systemd/postern.service`,
    `${debian}/postern.service`,
  );
  await Deno.copyFile(`${source}/init.d/postern`, `${debian}/postern.init`);
}

/** There is no list or tracker that mail could be sent to. */
const maintainer = "The postern authors <postern@localhost.localdomain>";
