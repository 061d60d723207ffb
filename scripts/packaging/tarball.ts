/**
 * The tarball: the contents in one folder.
 *
 * @module
 */
import { layContents } from "./contents.ts";
import type { Release } from "./release.ts";
import { sameArchive, stdoutOf } from "./tools.ts";

/** Makes it in a folder; returns its path. */
export async function makeTarball(
  release: Release,
  folder: string,
  work: string,
): Promise<string> {
  const { version, architecture, epochSeconds } = release;
  const name = `postern-${version}-${architecture.name}`;
  await layContents(`${work}/${name}`, release);
  const tar = `${work}/${name}.tar`;
  await stdoutOf("tar", [
    ...["--create", "--file", tar, "--directory", work],
    ...sameArchive(epochSeconds),
    name,
  ]);
  // No name and no date in its head.
  await stdoutOf("gzip", ["--no-name", tar]);
  const path = `${folder}/${name}.tar.gz`;
  await Deno.copyFile(`${tar}.gz`, path);
  return path;
}
