/**
 * What ends a serve process at its start, in tcpserver's words.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";

export const fatal = (line: string, cause?: unknown) =>
  new Fatal(111, `tcpserver: fatal: ${line}`, cause);

/** Does something, or throws Fatal: `unable to WHAT: REASON`. */
export function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fatal(`unable to ${what}: ${reason(error)}`, error);
  }
}
