/**
 * The program and what it uses of its libraries, in as few files as can be.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import type { BuildOptions as BundleOptions, Plugin } from "esbuild";
import { pack } from "../../lib/bundled/packed.ts";
import { packedParts } from "./packed_parts.ts";
import {
  type BundledPackage,
  packageFolders,
  readPackages,
} from "./packages.ts";
import { BuildError, downloadTrouble, frozen, root, run } from "./run.ts";

/**
 * Libraries in CommonJS call a `require`, which a bundle does not have. What
 * they want of it are node's own modules, and importing even one of those
 * would cost every start some 2 ms.
 */
const requireForBundle =
  "const require = (name) => process.getBuiltinModule(name);";

/** The table of subcommands; all but the one that was called are left alone. */
const subcommands = /\/cmd\/commands\.ts$/;
/**
 * What no state is shared around, and what is large and wanted once: a library,
 * and the texts that the build makes.
 */
const largePart = /\/(mailauth|packed_\w+)\.ts$/;
/** What is started for each connection, or by programs; the rest is for people. */
const startedOften =
  /\/(serve|smtpd|rules|splogger|rblsmtpd|recordio|fixcrio|helper|stderr_to_syslog)\.ts$/;
/** Whether a part shares nothing with others. */
const isWhole = (path: string) =>
  startedOften.test(path) || largePart.test(path);

export interface Bundle {
  /** The path of the first file. */
  readonly entry: string;
  /** The paths of all modules that were joined, as esbuild's metafile has them. */
  readonly inputs: ReadonlySet<string>;
  /** What is in it beside our own. */
  readonly packages: readonly BundledPackage[];
}

/**
 * Joins a module and all it imports into one file, and each part that it
 * imports late into another. Parts that are started often share nothing but the
 * largest library: a process uses one subcommand, and should not have to load
 * it in a dozen pieces. The others do share: every start pays for every byte of
 * the executable. What a part in turn imports late is shared within it.
 *
 * (A library in CommonJS that is imported late has only a default export in
 * there; lib/mailauth/mailauth.ts shows the way.)
 */
export async function bundle(work: string, entry: string): Promise<Bundle> {
  await installLibraries(work);
  const esbuild = await import("esbuild");
  const outdir = `${work}/bundle`;
  /** Modules that are made into parts. */
  const parts = new Set<string>();
  /** Modules that are in any of them. */
  const inputs = new Set<string>();
  const nameOf = (path: string) =>
    path.replace(/.*\//, "").replace(/\.ts$/, "");
  /** @param up the way from where the importer is put to all parts */
  const partsElsewhere = (up: "." | ".."): Plugin => ({
    name: "parts elsewhere",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ kind, path, importer }) => {
        const isPart = importer === entry || subcommands.test(importer) ||
          largePart.test(path);
        if (kind !== "dynamic-import" || !isPart) return;
        const module = resolve(dirname(importer), path);
        parts.add(module);
        const name = nameOf(module);
        return { path: `${up}/${name}/${name}.js`, external: true };
      });
    },
  });
  const options: BundleOptions = {
    // Paths in comments are relative to it: no random name gets in.
    absWorkingDir: work,
    nodePaths: [`${work}/node_modules`],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "esnext",
    charset: "utf8",
    minify: true, // what is shorter is read sooner
    banner: { js: requireForBundle },
    logLevel: "silent",
    metafile: true,
  };
  const join = async (paths: readonly string[], plugin: Plugin) => {
    const { metafile } = await esbuild.build({
      ...options,
      plugins: [plugin],
      entryPoints: paths.map((path) => {
        const name = nameOf(path);
        return { in: path, out: path === entry ? name : `${name}/${name}` };
      }),
      chunkNames: "pieces/[hash]",
      outdir,
    });
    for (const input of Object.keys(metafile!.inputs)) inputs.add(input);
  };
  try {
    await join([entry], partsElsewhere("."));
    const seldom = [...parts].filter((path) => !isWhole(path));
    await join(seldom, partsElsewhere(".."));
    // A set goes on with what is added while it is walked.
    for (const path of parts) {
      if (seldom.includes(path) || nameOf(path) in packedParts) continue;
      await join([path], partsElsewhere(".."));
    }
  } catch (error) {
    throw new BuildError(`cannot bundle: ${(error as Error).message}`);
  } finally {
    await esbuild.stop();
  }
  const packages = await readPackages(work, packageFolders(inputs));
  for (const name of [...parts].map(nameOf)) {
    if (!(name in packedParts)) continue;
    const packed = pack(await packedParts[name](packages));
    await Deno.mkdir(`${outdir}/${name}`);
    await Deno.writeTextFile(
      `${outdir}/${name}/${name}.js`,
      `export const packed=${JSON.stringify(packed)};`,
    );
  }
  await forgetTimes(outdir);
  return { entry: `${outdir}/${nameOf(entry)}.js`, inputs, packages };
}

/** esbuild looks for libraries in folders; the locked ones are put there. */
async function installLibraries(work: string): Promise<void> {
  const settled = await run(Deno.execPath(), [
    "cache",
    "--no-check",
    ...frozen,
    "main.ts",
  ], {});
  if (!settled.ok) {
    throw new BuildError(
      `cannot load main.ts: ${downloadTrouble(settled.text)}`,
    );
  }
  const config = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
  await Deno.writeTextFile(
    `${work}/deno.json`,
    JSON.stringify({ ...config, nodeModulesDir: "auto" }),
  );
  await Deno.copyFile(`${root}/deno.lock`, `${work}/deno.lock`);
  const installed = await run(Deno.execPath(), ["install", "--frozen"], {
    cwd: work,
    waitingFor: "the libraries",
  });
  if (!installed.ok) {
    throw new BuildError(
      `cannot get the libraries: ${downloadTrouble(installed.text)}`,
    );
  }
}

/** They are embedded too, and the same source is to be the same executable. */
async function forgetTimes(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await forgetTimes(`${folder}/${name}`);
    await Deno.utime(`${folder}/${name}`, 0, 0);
  }
}
