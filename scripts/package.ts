/**
 * Packs dist/postern, for each kind that is asked for or all of them:
 *
 *     deno task package [--executable FILE] [--output DIR] [KIND ...]
 *
 * `deb` is a Debian package, `tarball` a folder with all that comes with the
 * executable, `oci` a container image as an archive of OCI's layout, `bare` the
 * executable alone, and `sbom` the bill of materials that the build has written
 * beside it. They are for the architecture that the executable is for, and the
 * same executable makes the same packages: SOURCE_DATE_EPOCH, else the commit,
 * is their date. SHA256SUMS beside them has the sum of each.
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./build/run.ts";
import { makeDebianPackage } from "./packaging/debian_package.ts";
import { makeImage } from "./packaging/image.ts";
import { copyBillOfMaterials, copyExecutable } from "./packaging/copies.ts";
import { type Release, releaseOf } from "./packaging/release.ts";
import { writeSums } from "./packaging/sums.ts";
import { makeTarball } from "./packaging/tarball.ts";
import { PackageError } from "./packaging/tools.ts";

/** Makes a package in a folder, with another to work in; returns its path. */
type Maker = (
  release: Release,
  folder: string,
  work: string,
) => Promise<string>;

const kinds: Record<string, Maker> = {
  deb: makeDebianPackage,
  tarball: makeTarball,
  oci: makeImage,
  bare: copyExecutable,
  sbom: copyBillOfMaterials,
};

function makersOf(names: string[]): Maker[] {
  const asked = names.length > 0 ? names : Object.keys(kinds);
  return asked.map((name) => {
    if (Object.hasOwn(kinds, name)) return kinds[name];
    const known = Object.keys(kinds).join(", ");
    throw new PackageError(`no kind of package is called ${name}: ${known}`);
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { executable: { type: "string" }, output: { type: "string" } },
    allowPositionals: true,
  });
  const makers = makersOf(positionals);
  const release = await releaseOf(
    resolve(values.executable ?? `${root}/dist/postern`),
  );
  const output = resolve(values.output ?? `${root}/dist/packages`);
  await Deno.mkdir(output, { recursive: true });
  for (const make of makers) {
    const work = await Deno.makeTempDir({ prefix: "postern-package-" });
    try {
      const path = await make(release, output, work);
      console.log(`${path}  ${(await Deno.stat(path)).size} bytes`);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }
  await writeSums(output);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    console.error(`package: ${error.message}`);
    Deno.exit(1);
  }
}
