/**
 * What the targets of a server need of the machine.
 *
 * @module
 */
import type { Reach } from "../base/reach.ts";
import type { SmtpdOptions } from "../smtpd/options.ts";
import { Targets } from "../smtpd/targets.ts";
import { asProgram } from "../ucspi/environment.ts";

const nothing: Reach = {
  programs: [],
  reads: [],
  writes: [],
  hasHelper: false,
  secrets: [],
  certificates: [],
};

/** @param env byte strings, what it is started with */
export function targetReach(
  options: SmtpdOptions,
  env: ReadonlyMap<string, string>,
): Reach {
  try {
    return new Targets(options, () => {}).reach(asProgram(new Map(env)));
  } catch {
    return nothing; // a file that it names cannot be read: --check says so
  }
}

/** Descriptors that a message may hold. */
export function targetDescriptors(options: SmtpdOptions): number {
  return new Targets(options, () => {}).descriptors;
}
