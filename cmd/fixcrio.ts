/**
 * postern fixcrio, and fixcrio: a program whose lines end with CR LF, and what
 * it hears does too.
 *
 * @module
 */
import { crFixer } from "../lib/wrappers/fixcrio.ts";
import { runBehind, syntaxOf } from "./between.ts";

const syntax = syntaxOf(
  "Runs PROGRAM, and puts a CR in front of each LF that has none, in what it " +
    "reads and in what it writes.",
);

export const describe = () => syntax;

export const run = (args: string[], calledAs: string): Promise<number> =>
  runBehind("fixcrio", syntax, args, calledAs, crFixer());
