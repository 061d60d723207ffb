/**
 * postern rules make: from records to a database, as cdbmake does.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { CdbTextError, make } from "../../lib/cdb/text.ts";
import { CdbWriter } from "../../lib/cdb/writer.ts";
import { Input } from "../../lib/cli/input.ts";
import { type Making, replace } from "./replace.ts";

/** Makes a database of records, as cdbmake does. Throws Fatal. */
export async function makeInto(
  { cdb, temporary, text }: Making,
  calledAs: string,
): Promise<number> {
  const input = await Input.open(text, calledAs);
  try {
    replace(cdb, temporary, (output) => {
      const writer = new CdbWriter(output);
      make(input.blocks(), writer);
      writer.finish();
    });
    return 0;
  } catch (error) {
    if (!(error instanceof CdbTextError)) throw error;
    throw new Fatal(100, `fatal: ${input.name}: ${error.message}`, {
      cause: error,
    });
  } finally {
    input.end();
  }
}
