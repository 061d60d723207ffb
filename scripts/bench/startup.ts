/**
 * How long `postern smtpd` takes to its greeting, beside a compiled program
 * that only writes a line: in turn, medians.
 *
 * @module
 */
import { postern } from "../../tests/support/peers.ts";
import { build } from "../build.ts";
import { median } from "./figures.ts";
import type { Bench } from "./run.ts";

/** Milliseconds from the start of a program to its first byte. */
async function toFirstByte(
  program: string,
  args: string[],
  cwd: string,
): Promise<number> {
  const begun = performance.now();
  const child = new Deno.Command(program, {
    args,
    cwd,
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  const taken = performance.now() - begun;
  if (done) throw new Error(`${program} said nothing`);
  await child.stdin.close();
  await reader.cancel();
  await child.status;
  return taken;
}

export const bench: Bench = async ([rounds = 41]) => {
  const folder = await Deno.makeTempDir();
  try {
    const entry = `${folder}/empty.ts`, output = `${folder}/empty`;
    await Deno.writeTextFile(
      entry,
      'Deno.stdout.writeSync(new TextEncoder().encode("220 x ESMTP\\r\\n"));\n',
    );
    const { runtime } = await build({ fallback: true, output, entry });
    // Both are written in the same way: how a file lies in the page cache makes
    // 5% of a start-up.
    const smtpd = `${folder}/postern`;
    await Deno.copyFile(postern, smtpd);
    const empty: number[] = [], ours: number[] = [];
    for (let i = 0; i < rounds; i++) {
      empty.push(await toFirstByte(output, [], folder));
      ours.push(await toFirstByte(smtpd, ["smtpd"], folder));
    }
    const ratio = median(ours.map((each, i) => each / empty[i]));
    console.log(`${runtime}; medians of ${rounds} interleaved pairs`);
    console.log(`empty program    ${median(empty).toFixed(1)} ms`);
    console.log(
      `postern smtpd    ${median(ours).toFixed(1)} ms, ${ratio.toFixed(2)}x`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};
