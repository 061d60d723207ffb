/**
 * Makes small mistakes in the code, one at a time, and says which of them no
 * test notices: those lived, and a test is wanting.
 *
 *     deno task mutate [--room smtp] [--sample 60] [--seed N] [lib/cdb/hash.ts ...]
 *
 * Each mutant meets the unit tests of its room, those of its module first, in a
 * temporary copy; two such runs go on at once. `--sample 0` tries all. The seed
 * is printed, and repeats a sample. Exits 1 if less than 90 percent are killed.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { parseArgs } from "node:util";
import { randomFrom } from "../tests/support/random.ts";
import { inCopy, passIn, testsOf } from "./mutate/copies.ts";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const usualRooms = ["smtp", "rules", "cdb", "policy", "deliver"];
const usualSample = 60;
const goalPercent = 90;
/** Of tests that may never end, beside some times what they usually take. */
const leastLimitSeconds = 15;

/** The modules that are asked for. */
function modules(rooms: readonly string[]): string[] {
  return rooms.flatMap((room) =>
    [...Deno.readDirSync(`${root}/lib/${room}`)]
      .map(({ name }) => `lib/${room}/${name}`)
      .filter((path) => path.endsWith(".ts")).sort()
  );
}

/** What runs: without types and comments, mutants of those are none. */
const running = async (source: string) =>
  (await esbuild.transform(source, { loader: "ts" }).catch(() => null))?.code;

/** Takes so many at random, in their order; 0 is all. */
async function sampleOf(
  paths: readonly string[],
  count: number,
  random: () => number,
): Promise<Mutant[]> {
  const all = paths.flatMap((path) => [
    ...mutantsOf(path, Deno.readTextFileSync(`${root}/${path}`)),
  ]);
  const taken: Mutant[] = [];
  while (all.length > 0 && (count === 0 || taken.length < count)) {
    const at = Math.floor(random() * all.length);
    const [mutant] = all.splice(at, 1);
    const original = Deno.readTextFileSync(`${root}/${mutant!.path}`);
    const code = await running(mutant!.source);
    if (code === undefined || code === await running(original)) continue;
    taken.push(mutant!);
  }
  return taken.sort((a, b) =>
    a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1
  );
}

/** How long the tests of each module's room take without a mutant. */
async function usualSeconds(paths: readonly string[]) {
  const seconds = new Map<string, number>();
  for (const path of paths) {
    const room = path.split("/")[1]!;
    if (seconds.has(room)) continue;
    const began = performance.now();
    const result = await inCopy(
      root,
      (copy) => passIn(copy, testsOf(root, path), 600),
    );
    if (result !== "passed") throw new Error(`tests/${room} fails as it is`);
    seconds.set(room, (performance.now() - began) / 1000);
    console.log(`tests/${room}: ${seconds.get(room)!.toFixed(1)} s`);
  }
  return seconds;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      room: { type: "string", multiple: true },
      sample: { type: "string", default: `${usualSample}` },
      seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    },
    allowPositionals: true,
  });
  const paths = positionals.length > 0
    ? positionals
    : modules(values.room ?? usualRooms);
  console.log(`mutate: --sample ${values.sample} --seed ${values.seed}`);
  const seconds = await usualSeconds(paths);
  const mutants = await sampleOf(
    paths,
    Number(values.sample),
    randomFrom(Number(values.seed)),
  );
  await esbuild.stop();

  const lived: string[] = [];
  const waiting = [...mutants];
  const work = () =>
    inCopy(root, async (copy) => {
      for (let mutant; (mutant = waiting.shift()) !== undefined;) {
        const { path, line, what, source } = mutant;
        const limit = 4 * seconds.get(path.split("/")[1]!)!;
        await Deno.writeTextFile(`${copy}/${path}`, source);
        const tests = testsOf(root, path);
        const result = await passIn(
          copy,
          tests,
          Math.max(limit, leastLimitSeconds),
        );
        await Deno.copyFile(`${root}/${path}`, `${copy}/${path}`);
        const word = result === "passed" ? "LIVED " : "killed";
        const told = `${path}:${line}: ${what}`;
        console.log(`${word} ${told}${result === "late" ? " (late)" : ""}`);
        if (result === "passed") lived.push(told);
      }
    });
  await Promise.all(
    Array.from({ length: navigator.hardwareConcurrency }, work),
  );

  const killed = mutants.length - lived.length;
  const percent = Math.floor(100 * killed / Math.max(mutants.length, 1));
  for (const told of lived.sort()) console.log(`lived: ${told}`);
  console.log(`${killed} of ${mutants.length} killed, ${percent} percent`);
  return percent < goalPercent ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
