/**
 * postern recordio, and recordio: a program, and all it says and hears on
 * stderr.
 *
 * @module
 */
import { concat, toBytes } from "../lib/base/bytes.ts";
import type { Direction, RecordedLine } from "../lib/wrappers/lines.ts";
import { recorder } from "../lib/wrappers/recordio.ts";
import { runBehind, syntaxOf } from "./between.ts";

const syntax = syntaxOf(
  "Runs PROGRAM, and writes what it reads (<) and writes (>) to stderr: the " +
    "process id, and a line for each line or piece of one. Behind a piece " +
    "that is no whole line is a +.",
);

export const describe = () => syntax;

export const run = (args: string[], calledAs: string): Promise<number> =>
  runBehind("recordio", syntax, args, calledAs, recorder(write));

/** As it is: who records wants to see every byte. */
function write(direction: Direction, { bytes, end }: RecordedLine): void {
  const line = concat([
    toBytes(`${Deno.pid} ${direction} `),
    bytes,
    toBytes(`${end}\n`),
  ]);
  try {
    for (let at = 0; at < line.length;) {
      at += Deno.stderr.writeSync(line.subarray(at));
    }
  } catch {
    // Nobody reads the log: the connection goes on.
  }
}
