/**
 * Runs test files, several at once, each in a process of its own: descriptors,
 * environment and children are then a file's own, and what one says stays
 * together.
 *
 * @module
 */

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What became of a file. */
export interface FileResult extends Counts {
  readonly path: string;
  readonly seconds: number;
  /** All that it said. */
  readonly output: string;
}

// deno-lint-ignore no-control-regex
const colours = /\x1b\[[0-9;]*m/g;

/** Reads `ok | 3 passed (2 steps) | 0 failed | 1 ignored (9ms)`. */
export function readSummary(output: string): Counts | undefined {
  const line = output.replace(colours, "").split("\n")
    .findLast((each) => /^(ok|FAILED) \| \d+ passed/.test(each));
  if (line === undefined) return undefined;
  const count = (word: string) =>
    Number(line.match(new RegExp(`\\| (\\d+) ${word}`))?.[1] ?? 0);
  return {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("ignored"),
  };
}

export interface Running {
  readonly jobs: number;
  /** Of `deno test`. */
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  /** What a file may take, however slow the machine is. */
  readonly limitSeconds: number;
}

/** Runs them all, and tells of each when it is over. */
export async function runFiles(
  files: readonly string[],
  running: Running,
  tell: (result: FileResult) => void,
): Promise<void> {
  const waiting = [...files];
  const work = async () => {
    for (let path; (path = waiting.shift()) !== undefined;) {
      tell(await runFile(path, running));
    }
  };
  await Promise.all(Array.from({ length: running.jobs }, work));
}

async function runFile(path: string, running: Running): Promise<FileResult> {
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...running.args, path],
    env: running.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  children.add(child);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, running.limitSeconds * 1000);
  const said: string[] = [];
  const [status] = await Promise.all([
    child.status,
    collect(child.stdout, said),
    collect(child.stderr, said),
  ]);
  clearTimeout(timer);
  children.delete(child);
  if (isLate) said.push(`\nit took more than ${running.limitSeconds} s\n`);
  const output = said.join("");
  const counts = readSummary(output) ?? { passed: 0, failed: 0, skipped: 0 };
  // A module that does not load, or a runner that died, is a failure too.
  if (!status.success) counts.failed = Math.max(counts.failed, 1);
  const seconds = (performance.now() - began) / 1000;
  return { ...counts, path, seconds, output };
}

async function collect(stream: ReadableStream<Uint8Array>, into: string[]) {
  const text = stream.pipeThrough(new TextDecoderStream());
  for await (const piece of text) into.push(piece);
}

const children = new Set<Deno.ChildProcess>();

/** Ends all that run. */
export function endAll(): void {
  for (const child of children) child.kill("SIGKILL");
}
