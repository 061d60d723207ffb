/**
 * Putting a new database in the place of an old one.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { reason } from "../../lib/base/reason.ts";
import { ReplaceError, replaceFile } from "../../lib/cdb/file.ts";
import type { CdbOutput } from "../../lib/cdb/writer.ts";
import { outliveFileLimit } from "../../lib/sys/signals.ts";

/** What is to be made of what. */
export interface Making {
  readonly cdb: string;
  /** null for a name that nobody has. */
  readonly temporary: string | null;
  /** A path; "-" is stdin. */
  readonly text: string;
}

/** {@linkcode replaceFile}, with what goes wrong in tcprules' words. */
export function replace(
  cdb: string,
  temporary: string | null,
  fill: (output: CdbOutput) => void,
): void {
  outliveFileLimit();
  try {
    replaceFile(cdb, temporary, fill);
  } catch (error) {
    if (error instanceof ReplaceError) {
      const { step, temporary } = error;
      const file = step === "move" ? `${temporary} to ${cdb}` : temporary;
      throw new Fatal(
        111,
        `fatal: unable to ${step} ${file}: ${reason(error.cause)}`,
        { cause: error },
      );
    }
    if ((error as Error).name !== "CdbError") throw error;
    throw new Fatal(
      100,
      `fatal: unable to write to ${temporary ?? cdb}: ${reason(error)}`,
      { cause: error },
    );
  }
}
