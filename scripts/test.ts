/**
 * Builds dist/postern, and a second executable on a newer runtime, runs the
 * tests, and prints the count as the very last line: `12 passed, 0 failed`
 * (and `, 3 skipped` when some were).
 *
 *     deno task test [--filter WORD] [tests/cdb/...]
 *
 * Fails when a test fails, when no test ran, and, with CI set, when one was
 * skipped or the second runtime is not to be had.
 *
 * POSTERN and POSTERN_SECOND name executables to test in their place.
 *
 * @module
 */
const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const ci = Boolean(Deno.env.get("CI"));

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Reads `ok | 3 passed (2 steps) | 0 failed | 1 ignored (9ms)`. */
export function readSummary(line: string): Counts | undefined {
  // deno-lint-ignore no-control-regex
  const plain = line.replace(/\x1b\[[0-9;]*m/g, "");
  if (!/^(ok|FAILED) \| \d+ passed/.test(plain)) return undefined;
  const count = (word: string) =>
    Number(plain.match(new RegExp(`\\| (\\d+) ${word}`))?.[1] ?? 0);
  return {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("ignored"),
  };
}

/** Passes a stream on as it comes, and hands each line to a reader. */
async function pass(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length;) {
      at += Deno.stdout.writeSync(chunk.subarray(at));
    }
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    lines.forEach(onLine);
  }
  if (rest) {
    onLine(rest);
    console.log();
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

const lock = ci ? ["--frozen"] : [];
const secondVersion = "2.7.11";
/** Of scripts/build.ts: a runtime is not to be had here, or not now. */
const noRuntimeExit = 111;

/** Resolves to the exit status. */
async function build(...args: string[]): Promise<number> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...lock, "scripts/build.ts", ...args],
    // It names the fallback, which is one runtime.
    env: args.length > 0 ? { POSTERN_DENORT: "" } : {},
    stdin: "null",
  }).output();
  Deno.stdout.writeSync(stdout);
  Deno.stdout.writeSync(stderr);
  return code;
}

/**
 * The executable on the second runtime; null if the tests can go on without it.
 * It costs a second or two, once its runtime is in the cache.
 *
 * @throws where it should be there
 */
async function secondExecutable(): Promise<string | null> {
  const output = `${root}/dist/postern-${secondVersion}`;
  const code = await build("--runtime", secondVersion, "--output", output);
  if (code === 0) return output;
  if (ci || code !== noRuntimeExit) throw new Error("no second executable");
  console.log(
    `test: the runtime ${secondVersion} is not to be had; what wants it is skipped`,
  );
  return null;
}

async function main(): Promise<number> {
  Deno.chdir(root);
  let second = Deno.env.get("POSTERN_SECOND");
  try {
    if (await build() !== 0) throw new Error("no executable");
    second ??= await secondExecutable() ?? "";
  } catch {
    console.log("test: the build failed, so no test ran\n0 passed, 1 failed");
    return 1;
  }

  const places = Deno.args.some((arg) => !arg.startsWith("-") && exists(arg))
    ? []
    : ["tests/"];
  const child = new Deno.Command(Deno.execPath(), {
    // Types are `deno task check`'s work.
    args: [
      "test",
      "-A",
      "--unstable-net",
      "--no-check",
      ...lock,
      ...Deno.args,
      ...places,
    ],
    env: {
      POSTERN: Deno.env.get("POSTERN") ?? `${root}/dist/postern`,
      POSTERN_SECOND: second,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let counts: Counts | undefined;
  const [status] = await Promise.all([
    child.status,
    pass(child.stdout, (line) => counts = readSummary(line) ?? counts),
    pass(child.stderr, () => {}),
  ]);

  const { passed, failed, skipped } = counts ??
    { passed: 0, failed: 0, skipped: 0 };
  let ok = status.success && failed === 0;
  // A runner that died, or a module that does not load, is a failure too.
  const shown = ok ? 0 : Math.max(failed, 1);
  if (passed === 0 && failed === 0) {
    console.log("test: no test ran");
    ok = false;
  }
  if (ci && skipped > 0) {
    console.log("test: a skipped test is a failure where CI is set");
    ok = false;
  }
  console.log(
    `${passed} passed, ${shown} failed${
      skipped > 0 ? `, ${skipped} skipped` : ""
    }`,
  );
  return ok ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
