/**
 * A command of a script.
 *
 * @module
 */
import type { Scope } from "./scope.ts";
import type { Word } from "./word.ts";

/** A command, and what stands around it. */
export interface Job {
  readonly words: readonly Word[];
  readonly line: number;
  /** The variables of its moment, those in front of it among them. */
  readonly scope: Scope;
  /** As they are written behind it: `2>&1`. */
  readonly redirects: readonly string[];
  /** What it is piped into, each as words; null where that is no command. */
  readonly pipedInto: readonly (readonly Word[] | string)[];
  readonly isBackground: boolean;
  /** When it is run; null for always. */
  readonly condition: string | null;
  /** Where it is run, if the script says so. */
  readonly folder: Word | null;
}
