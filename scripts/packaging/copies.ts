/**
 * What is released as the build has made it, under a name that says what it is.
 *
 * @module
 */
import type { Release } from "./release.ts";
import { PackageError } from "./tools.ts";

const nameOf = ({ version, architecture }: Release) =>
  `postern-${version}-${architecture.name}`;

/** The executable alone. */
export async function copyExecutable(
  release: Release,
  folder: string,
): Promise<string> {
  const path = `${folder}/${nameOf(release)}`;
  await Deno.copyFile(release.executable, path);
  await Deno.chmod(path, 0o755);
  return path;
}

/** CycloneDX, made by the build of what it has bundled. */
export async function copyBillOfMaterials(
  release: Release,
  folder: string,
): Promise<string> {
  const made = release.executable.replace(/[^/]*$/, "postern.cdx.json");
  const path = `${folder}/${nameOf(release)}.cdx.json`;
  try {
    await Deno.copyFile(made, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new PackageError(
      `unable to find ${made}, the bill of materials: ` +
        "scripts/deno task build makes it",
    );
  }
  return path;
}
