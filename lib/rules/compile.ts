/**
 * From a rules text to the cdb that tcprules makes of it.
 *
 * @module
 */
import { CdbWriter } from "../cdb/writer.ts";
import { parseRules } from "./grammar.ts";

/**
 * The cdb, in pieces to be written one after the other.
 *
 * @throws RuleError for a text that tcprules refuses, CdbError past 4 GiB
 */
export function compile(text: Uint8Array): Uint8Array<ArrayBuffer>[] {
  // Without ranges a record is hardly longer than its line.
  const cdb = new CdbWriter(text.length + (text.length >> 3));
  parseRules(
    text,
    (key, start, end, data, length) =>
      cdb.addRange(key, start, end, data, length),
  );
  return cdb.finish();
}
