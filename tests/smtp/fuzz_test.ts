/**
 * Any input at all: what fuzz_inputs.ts says of every session. And the inputs
 * that once broke one, which `deno task fuzz` writes to crashes/.
 *
 * @module
 */
import fc from "fast-check";
import { runs } from "../support/random.ts";
import {
  anyAnswers,
  anyConfig,
  check,
  dialogue,
  noise,
  sizes,
} from "./fuzz_inputs.ts";
import { testConfig } from "./run.ts";

const numRuns = runs(20_000, 20_000);

Deno.test(`a session survives anything, however it is cut: ${numRuns} inputs`, () => {
  const input = fc.oneof(
    { weight: 4, arbitrary: dialogue },
    { weight: 1, arbitrary: noise },
  );
  fc.assert(fc.property(input, sizes, anyConfig, anyAnswers, check), {
    numRuns,
  });
});

const crashes = new URL("crashes/", import.meta.url);

for (const { name } of Deno.readDirSync(crashes)) {
  if (!name.endsWith(".json")) continue;
  Deno.test(`crash ${name} is mended`, () => {
    const text = Deno.readTextFileSync(new URL(name, crashes));
    const { input, cut, config, answers } = JSON.parse(text);
    check(input, cut, { ...testConfig, ...config }, answers);
  });
}
