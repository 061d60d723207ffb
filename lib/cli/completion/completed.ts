/**
 * What is completed: commands, and what may follow them.
 *
 * @module
 */
import type { Subcommand } from "../help.ts";
import type { Spelling } from "../option.ts";

export interface Completed {
  readonly name: string;
  /** Names under which the executable is this command. */
  readonly classicNames: readonly string[];
  readonly summary: string;
  /** What its first operand may be. */
  readonly subcommands: readonly Subcommand[];
  readonly spellings: readonly Spelling[];
}

/** What an option's value is: a path, one of some words, or anything. */
export type ValueKind = "path" | "words" | "any";

const pathValues = ["cdb", "dir", "file", "path", "program"];

export function kindOf({ value, words }: Spelling): ValueKind {
  if (words !== undefined) return "words";
  return pathValues.includes(value ?? "") ? "path" : "any";
}

/** A word for a shell, in single quotes. */
export const quoted = (text: string): string =>
  `'${text.replaceAll("'", "'\\''")}'`;
