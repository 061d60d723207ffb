/**
 * Copies of what the tests read, for mutants to live and die in.
 *
 * @module
 */
const copied = [
  "ARCHITECTURE.md",
  "README.ja.md",
  "README.md",
  "cmd",
  "deno.json",
  "deno.lock",
  "guides",
  "lib",
  "main.ts",
  "scripts",
  "tests",
];

/** A folder with a copy of the repository, for as long as `fn` runs. */
export async function inCopy<T>(
  root: string,
  fn: (copy: string) => Promise<T>,
): Promise<T> {
  const copy = await Deno.makeTempDir({ prefix: "postern-mutants-" });
  try {
    for (const name of copied) {
      await copyTo(`${root}/${name}`, `${copy}/${name}`);
    }
    return await fn(copy);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

async function copyTo(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await copyTo(`${from}/${name}`, `${to}/${name}`);
  }
}

/** The tests of a room, those of the module itself first. */
export function testsOf(root: string, path: string): string[] {
  const [, room, file] = path.split("/");
  const stem = file!.replace(/\.ts$/, "");
  const tests = [...Deno.readDirSync(`${root}/tests/${room}`)]
    .map(({ name }) => name).filter((name) => name.endsWith("_test.ts"));
  const isOwn = (name: string) => name.startsWith(stem) ? 0 : 1;
  return tests.sort((a, b) => isOwn(a) - isOwn(b) || (a < b ? -1 : 1))
    .map((name) => `tests/${room}/${name}`);
}

/**
 * Whether tests pass in a copy. They are stopped at the first failure, and when
 * they take far longer than they should: some mutants never end.
 */
export async function passIn(
  copy: string,
  tests: readonly string[],
  limitSeconds: number,
): Promise<"passed" | "failed" | "late"> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--unstable-net", "--no-check", "--quiet"],
      ...["--fail-fast", "--v8-flags=--max-old-space-size=1024"],
      ...tests,
    ],
    cwd: copy,
    stdin: "null",
    // Two descriptors of which a test can tell that they are two.
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reading = child.stderr.pipeTo(new WritableStream());
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, limitSeconds * 1000);
  const { success } = await child.status;
  clearTimeout(timer);
  await reading;
  return isLate ? "late" : success ? "passed" : "failed";
}
