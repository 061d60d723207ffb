/**
 * PROGRAM of a command that executes it, byte for byte as it was named.
 *
 * @module
 */
import { textOf } from "../lib/base/bytes.ts";
import { Fatal } from "../lib/base/fatal.ts";
import { codeOf, reason } from "../lib/base/reason.ts";
import { executeInstead } from "../lib/sys/execute.ts";
import { ourArguments } from "../lib/sys/ourselves.ts";
import { findProgram, searchPath } from "../lib/ucspi/program.ts";

export interface Named {
  /** Byte strings. */
  readonly path: string;
  readonly args: readonly string[];
}

/**
 * The program that the last words of our command line name.
 *
 * @param words how many they are
 * @throws Fatal that says that there is none
 */
export function programNamed(words: number): Named {
  const args = ourArguments().slice(-words);
  const name = textOf(args[0]);
  if (args[0].includes("/")) return { path: args[0], args };
  // Without a name it is the folders of PATH that are executed.
  if (name === "") throw notRun(name, { code: "EACCES" });
  const found = findProgram(name, searchPath());
  if (found === null) throw notRun(name, { code: "ENOENT" });
  const path = String.fromCharCode(...new TextEncoder().encode(found));
  return { path, args };
}

/** Executes it in our place. Throws Fatal where that cannot be. */
export function runInstead(words: number): never {
  const { path, args } = programNamed(words);
  try {
    executeInstead(path, args);
  } catch (error) {
    throw notRun(args[0], error);
  }
}

/** In the words of ucspi-tcp's programs. */
export function notRun(name: string, error: unknown): Fatal {
  const shown = textOf(name);
  const why = codeOf(error) === undefined ? String(error) : reason(error);
  return new Fatal(111, `fatal: unable to run ${shown}: ${why}`, {
    cause: error,
  });
}
