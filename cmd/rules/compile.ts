/**
 * postern rules compile, and tcprules: from a rules text to a database.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { Input, nameOf } from "../../lib/cli/input.ts";
import { complain } from "../../lib/cli/output.ts";
import { compile } from "../../lib/rules/compile.ts";
import { RuleError } from "../../lib/rules/grammar.ts";
import { escaped } from "../../lib/base/foreign_text.ts";
import { extendedIf } from "./extended.ts";
import { type Making, replace } from "./replace.ts";

/** Makes a database of a rules text. Throws Fatal. */
export async function compileInto(
  { cdb, temporary, text }: Making,
  options: { readonly extended: boolean },
  calledAs: string,
): Promise<number> {
  const name = nameOf(text), isClassic = calledAs === "tcprules";
  const compileOptions = {
    ...await extendedIf(options.extended),
    // tcprules says nothing, and its output may be mailed by cron.
    onSkipped: isClassic
      ? undefined
      : (line: number) =>
        complain(`${calledAs}: ${name}: line ${line}: no colon, so no rule`),
  };
  // tcprules has no other text, and calls it so.
  const shown = isClassic ? "input" : name;
  const input = await Input.open(text, calledAs, shown);
  try {
    replace(
      cdb,
      temporary,
      (output) => compile(input.blocks(), output, compileOptions),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw new Fatal(
      100,
      `fatal: unable to parse this line: ${escaped(error.text)}\n` +
        `${name}: ${error.message}`,
      { cause: error },
    );
  } finally {
    input.end();
  }
}
