/**
 * The programs that are known: how the arguments of each are read, and what it
 * turns into.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import { ends } from "./ends.ts";
import { gates } from "./gates.ts";
import { starters } from "./starters.ts";
import type { Word } from "./word.ts";

/** A program as it was called. */
export interface Call {
  readonly name: string;
  /** Its name and all behind it. */
  readonly words: readonly Word[];
  readonly args: readonly Word[];
  readonly line: number;
}

export interface ProgramRow {
  readonly names: readonly string[];
  /**
   * Puts into the chain what it does.
   *
   * @returns the program that it runs, and its arguments; null where it is the
   *   last
   * @throws Untranslatable
   */
  turn(call: Call, chain: Chain): readonly Word[] | null;
}

const all: readonly ProgramRow[] = [...gates, ...starters, ...ends];

const byName = new Map(
  all.flatMap((row) => row.names.map((name) => [name, row] as const)),
);

export const programOf = (name: string): ProgramRow | null =>
  byName.get(name) ?? null;

/** Those that accept connections. */
export const gateNames: readonly string[] = gates.flatMap(({ names }) => names);

/** Those that are meant for the client of a gate. */
export const endNames: readonly string[] = ends.flatMap(({ names }) => names);
