/**
 * Runs the tests, and prints the count as the very last line: `12 passed,
 * 0 failed` (and `, 3 skipped` when some were).
 *
 *     deno task test [--tier unit|e2e|soak] [--filter WORD] [tests/cdb ...]
 *
 * Without a tier, unit and e2e: everything that continuous integration runs.
 * For e2e, dist/postern is built, and a second executable on a newer runtime.
 * soak runs long what has a property to try, with POSTERN_RUNS=all.
 *
 * A file that passed is a line, one that failed is shown whole; where one file
 * is asked for, it is shown whole too. Fails when a test fails, when no test
 * ran, and, with CI set, when one was skipped or the second runtime is not to
 * be had.
 *
 * POSTERN and POSTERN_SECOND name executables to test in their place, and
 * POSTERN_JOBS is how many files run at once.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Counts, endAll, type FileResult, runFiles } from "./test/pool.ts";
import {
  crowds,
  durations,
  filesOf,
  jobsOf,
  type Tier,
  tierOf,
} from "./test/tiers.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const ci = Boolean(Deno.env.get("CI"));
const lock = ci ? ["--frozen"] : [];
const secondVersion = "2.7.11";
/** Of scripts/build.ts: a runtime is not to be had here, or not now. */
const noRuntimeExit = 111;

const usualLimitSeconds = 300;
const soakLimitSeconds = 3600;

/** Resolves to the exit status. */
async function deno(args: string[], env: Record<string, string> = {}) {
  const child = new Deno.Command(Deno.execPath(), { args, env, stdin: "null" });
  return (await child.spawn().status).code;
}

/**
 * The executables under test, as the tests' environment; they are built unless
 * they are given. Tests can go on without the second one, which costs a second
 * or two once its runtime is in the cache.
 *
 * @throws where one should be there
 */
async function executables(): Promise<Record<string, string>> {
  const build = ["run", "-A", ...lock, "scripts/build.ts"];
  let first = Deno.env.get("POSTERN"), second = Deno.env.get("POSTERN_SECOND");
  if (first === undefined) {
    first = `${root}/dist/postern`;
    if (await deno(build) !== 0) throw new Error("no executable");
  }
  if (second === undefined) {
    second = `${root}/dist/postern-${secondVersion}`;
    const code = await deno(
      [...build, "--runtime", secondVersion, "--output", second],
      { POSTERN_DENORT: "" }, // which names the fallback, one runtime
    );
    if (code !== 0) {
      if (ci || code !== noRuntimeExit) throw new Error("no second executable");
      second = "";
      console.log(
        `test: the runtime ${secondVersion} is not to be had; what wants it is skipped`,
      );
    }
  }
  return { POSTERN: first, POSTERN_SECOND: second };
}

/** Shows what became of a file. */
function show(result: FileResult, isWhole: boolean): void {
  const { path, passed, failed, skipped, seconds, output } = result;
  if (passed + failed + skipped === 0) return; // --filter wants others
  if (isWhole || failed > 0) console.log(output.trimEnd());
  const counts = `${passed} passed` +
    (failed > 0 ? `, ${failed} failed` : "") +
    (skipped > 0 ? `, ${skipped} skipped` : "");
  const word = failed > 0 ? "FAILED" : "ok    ";
  console.log(`${word} ${path}: ${counts} (${seconds.toFixed(1)} s)`);
  if (isWhole) return;
  for (const line of output.split("\n")) {
    if (/ \(skipped: .*ignored/.test(line)) console.log(`       ${line}`);
  }
}

function readTiers(asked: string | undefined): Tier[] {
  if (asked === undefined) return ["unit", "e2e"];
  if (asked in durations) return [asked as Tier];
  throw new Error(`no tier is called ${asked}: unit, e2e, soak`);
}

async function main(): Promise<number> {
  Deno.chdir(root);
  const { values, positionals } = parseArgs({
    options: { tier: { type: "string" }, filter: { type: "string" } },
    allowPositionals: true,
  });
  const tiers = readTiers(values.tier);
  const places = positionals.length > 0 ? positionals : ["tests"];
  const stages = tiers.map((tier) => ({ tier, files: filesOf(tier, places) }));
  const files = stages.flatMap((stage) => stage.files);
  if (positionals.length === 0) {
    const times = tiers.map((tier) => `${tier} ${durations[tier]}`);
    console.log(
      `test: ${files.length} files; on two cores: ${times.join(", ")}`,
    );
  }

  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const failed: string[] = [];
  const began = performance.now();
  let env: Record<string, string> = {};
  if (tiers.includes("soak")) env.POSTERN_RUNS = "all";
  try {
    if (files.some((path) => tierOf(path) === "e2e")) {
      env = { ...env, ...await executables() };
    }
  } catch (error) {
    console.log(`test: the build failed, so no test ran: ${error}`);
    console.log("0 passed, 1 failed");
    return 1;
  }
  // Modules are fetched and read once, not by each of those that begin at once.
  if (files.length > 1) await deno(["cache", "--quiet", ...lock, ...files]);

  // Types are `deno task check`'s work.
  const args = ["-A", "--unstable-net", "--no-check", "--quiet", ...lock];
  if (values.filter !== undefined) args.push("--filter", values.filter);
  const limitSeconds = tiers.includes("soak")
    ? soakLimitSeconds
    : usualLimitSeconds;
  for (const { tier, files } of stages) {
    const running = {
      jobs: Number(Deno.env.get("POSTERN_JOBS")) || jobsOf(tier),
      args,
      env,
      limitSeconds,
    };
    const tell = (result: FileResult) => {
      show(result, positionals.length > 0 && files.length === 1);
      total.passed += result.passed;
      total.failed += result.failed;
      total.skipped += result.skipped;
      if (result.failed > 0) failed.push(result.path);
    };
    const { together, alone } = crowds(files);
    await runFiles(together, running, tell);
    await runFiles(alone, { ...running, jobs: 1 }, tell);
  }

  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`test: ${seconds} s`);
  for (const path of failed) console.log(`test: failed: ${path}`);
  let ok = total.failed === 0;
  if (total.passed === 0 && ok) {
    console.log("test: no test ran");
    ok = false;
  }
  if (ci && total.skipped > 0) {
    console.log("test: a skipped test is a failure where CI is set");
    ok = false;
  }
  console.log(
    `${total.passed} passed, ${total.failed} failed` +
      (total.skipped > 0 ? `, ${total.skipped} skipped` : ""),
  );
  return ok ? 0 : 1;
}

if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      endAll();
      Deno.exit(130);
    });
  }
  Deno.exit(await main());
}
