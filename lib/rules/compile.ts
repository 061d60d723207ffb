/**
 * From a rules text to the cdb that tcprules makes of it.
 *
 * @module
 */
import { CdbWriter } from "../cdb/writer.ts";
import type { CdbOutput } from "../cdb/writer.ts";
import { MemoryOutput } from "../cdb/memory.ts";
import type { ExtendedAddresses } from "./extended.ts";
import { RulesParser } from "./grammar.ts";
import { PlainRules } from "./plain.ts";

export interface CompileOptions {
  /** Given: the text may use the extended grammar. */
  readonly extended?: ExtendedAddresses;
  /** Told of each line that makes no rule for want of a colon. */
  readonly onSkipped?: ((line: number) => void) | undefined;
}

/**
 * @param blocks the text, in pieces of any size; each is only looked at until
 *   the next one is asked for
 * @throws RuleError for a text that tcprules refuses, CdbError past 4 GiB
 */
export function compile(
  blocks: Iterable<Uint8Array>,
  output: CdbOutput,
  options: CompileOptions = {},
): void {
  const cdb = new CdbWriter(output);
  const parser = new RulesParser(
    (key, start, end, data, length) =>
      cdb.addRange(key, start, end, data, length),
    {
      expand: options.extended?.expand,
      onSkipped: options.onSkipped,
      plain: new PlainRules(cdb),
    },
  );
  for (const block of blocks) parser.push(block);
  parser.end();
  const index = options.extended?.index();
  if (index) cdb.add(index.key, index.data);
  cdb.finish();
}

/** {@linkcode compile} for a text and a database that fit in memory. */
export function compileInMemory(
  text: Uint8Array,
  options?: CompileOptions,
): Uint8Array<ArrayBuffer> {
  const output = new MemoryOutput();
  compile([text], output, options);
  return output.bytes();
}
