/**
 * The program and what it uses of its libraries, in as few files as can be.
 *
 * @module
 */
import type { BuildOptions as BundleOptions, Plugin } from "esbuild";
import { BuildError, frozen, root, run } from "./run.ts";

/**
 * Libraries in CommonJS call a `require`, which a bundle does not have. What
 * they want of it are node's own modules, and importing even one of those
 * would cost every start some 2 ms.
 */
const requireForBundle =
  "const require = (name) => process.getBuiltinModule(name);";

/** The table of subcommands; all but the one that was called are left alone. */
const subcommands = /\/cmd\/commands\.ts$/;
/** A library around which no state is shared: large, and wanted once. */
const largePart = /\/mailauth\.ts$/;

/**
 * Joins a module and all it imports into one file, and each part that it
 * imports late into another. Those parts share nothing but the largest
 * library: a process uses one subcommand, and should not have to load it in a
 * dozen pieces. What they in turn import late may well be shared, and is.
 *
 * (A library in CommonJS that is imported late has only a default export in
 * there; lib/mailauth/mailauth.ts shows the way.)
 *
 * @returns the path of the first file
 */
export async function bundle(work: string, entry: string): Promise<string> {
  await installLibraries(work);
  const esbuild = await import("esbuild");
  const outdir = `${work}/bundle`;
  /** Modules that are made into parts. */
  const parts = new Set<string>();
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
        const module = new URL(path, `file://${importer}`).pathname;
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
  };
  try {
    await esbuild.build({
      ...options,
      plugins: [partsElsewhere(".")],
      entryPoints: [entry],
      outdir,
    });
    // A set goes on with what is added while it is walked.
    for (const path of parts) {
      await esbuild.build({
        ...options,
        plugins: [partsElsewhere("..")],
        entryPoints: [path],
        outdir: `${outdir}/${nameOf(path)}`,
      });
    }
  } catch (error) {
    throw new BuildError(`cannot bundle: ${(error as Error).message}`);
  } finally {
    await esbuild.stop();
  }
  await forgetTimes(outdir);
  return `${outdir}/${nameOf(entry)}.js`;
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
    throw new BuildError(`cannot load main.ts:\n${settled.text.trimEnd()}`);
  }
  const config = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
  await Deno.writeTextFile(
    `${work}/deno.json`,
    JSON.stringify({ ...config, nodeModulesDir: "auto" }),
  );
  await Deno.copyFile(`${root}/deno.lock`, `${work}/deno.lock`);
  const installed = await run(Deno.execPath(), ["install", "--frozen"], {
    cwd: work,
  });
  if (!installed.ok) {
    throw new BuildError(
      `cannot get the libraries:\n${installed.text.trimEnd()}`,
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
