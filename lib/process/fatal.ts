/**
 * What ends a serve process at its start, in tcpserver's words.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import { UsageError } from "../cli/scan.ts";

/** Something that may work another time. */
export const fatal = (text: string, cause?: unknown): Fatal =>
  new Fatal(111, `fatal: ${text}`, { cause });

/** Does something, or throws Fatal: `unable to WHAT: REASON`. */
export function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fatal(`unable to ${what}: ${reason(error)}`, error);
  }
}

/** The text of an error, without the word that says how bad it is. */
export const withoutFatal = (text: string): string =>
  text.replace(/^fatal: /, "");

/**
 * Does something for one block of a file; what goes wrong says which.
 *
 * @param where the file and the block; null on a command line
 */
export async function inBlock<T>(
  where: string | null,
  act: () => T | Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (where === null) throw error;
    if (error instanceof UsageError) {
      throw new Fatal(100, `${where}: ${error.message}`);
    }
    if (!(error instanceof Fatal)) throw error;
    const [first] = error.message.split("\n");
    const speaker = error.speaker === null ? "" : `${error.speaker}: `;
    throw new Fatal(
      error.exitCode,
      `${where}: ${speaker}${withoutFatal(first)}`,
      { cause: error },
    );
  }
}
