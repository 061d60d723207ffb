/**
 * Packages of the executable under test.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { output, postern } from "./peers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(
  /\/$/,
  "",
);

/** Installs, uses, upgrades and removes a Debian package. */
export const tryDeb = `${root}/scripts/packaging/try_deb.sh`;

/** For a Debian package: what is released takes xz, half a minute of it. */
export const quickly = { POSTERN_DEB_COMPRESSION: "gzip -z1" };

/** Packs what stands in a folder of the test's, with what the build makes. */
export async function pack(
  folder: string,
  args: string[],
  env: Record<string, string> = {},
  executable = postern,
) {
  const path = `${folder}/postern`;
  await Deno.symlink(executable, path).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error; // twice
  });
  await Deno.writeTextFile(`${folder}/NOTICES`, "Licences of the bundle\n");
  await Deno.writeTextFile(`${folder}/postern.cdx.json`, "{}\n");
  return await output(Deno.execPath(), [
    ...["run", "-A", `${root}/scripts/package.ts`],
    ...["--executable", path, "--output", `${folder}/packages`, ...args],
  ], { env: { NO_COLOR: "1", ...env } });
}

/** The only file in the packages that ends so. */
export function packed(folder: string, end: string): string {
  const names = [...Deno.readDirSync(`${folder}/packages`)]
    .map(({ name }) => name).filter((name) => name.endsWith(end));
  assertEquals(names.length, 1, names.join(" "));
  return `${folder}/packages/${names[0]}`;
}

/** What a program prints, which has to succeed. */
export async function said(
  program: string,
  ...args: string[]
): Promise<string> {
  const { code, stdout, stderr } = await output(program, args, {
    env: { LC_ALL: "C.UTF-8" },
  });
  assertEquals(code, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout + stderr;
}
