/**
 * `deno task fuzz [INPUTS [SEED]]`: a million inputs for the SMTP session, or
 * as many as asked for. An input that breaks it is shrunk and written to
 * tests/smtp/crashes, where the tests find it from then on.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import {
  anyAnswers,
  anyConfig,
  check,
  dialogue,
  noise,
  sizes,
} from "../../tests/smtp/fuzz_inputs.ts";

const roundInputs = 10_000;

const [inputs = 1_000_000, seed = Date.now()] = Deno.args.map(Number);
const any = fc.oneof(
  { weight: 4, arbitrary: dialogue },
  { weight: 1, arbitrary: noise },
);
const property = fc.property(any, sizes, anyConfig, anyAnswers, check);
const begun = performance.now();
for (let done = 0, round = 0; done < inputs; done += roundInputs, round++) {
  const numRuns = Math.min(roundInputs, inputs - done);
  const details = fc.check(property, { numRuns, seed: seed + round });
  if (details.failed) {
    const [input, cut, config, answers] = details.counterexample!;
    const file = new URL(
      `../../tests/smtp/crashes/${details.seed}.json`,
      import.meta.url,
    );
    const crash = JSON.stringify({ input, cut, config, answers }, null, 2);
    Deno.writeTextFileSync(file, crash + "\n");
    console.error(fc.defaultReportMessage(details));
    console.error(`written to ${fileURLToPath(file)}`);
    Deno.exit(1);
  }
}
const seconds = ((performance.now() - begun) / 1000).toFixed(0);
const heap = (Deno.memoryUsage().heapUsed / (1 << 20)).toFixed(0);
console.log(
  `${inputs} inputs from seed ${seed} in ${seconds} s, no crash; heap ${heap} MB`,
);
