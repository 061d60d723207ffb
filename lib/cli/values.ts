/**
 * From options as they were said to their final values.
 *
 * @module
 */
import {
  type Spelling,
  type Table,
  ValueError,
  type Values,
} from "./option.ts";
import { type Given, UsageError } from "./scan.ts";

/**
 * A value for each option of a table: the last that was said, or all of them
 * where they add up, or the initial one.
 *
 * @param classic under a name of 1996
 * @throws UsageError that names the option, its value and what is wanted
 */
export function valuesOf<T extends Table>(
  options: T,
  given: readonly Given[],
  classic = false,
): Values<T> {
  const values: Record<string, unknown> = {};
  for (const [field, { initial, spellings }] of Object.entries(options)) {
    const said = given.findLast(({ long }) =>
      spellings.some((each) => each.long === long)
    );
    const spelling = spellings.find(({ long }) => long === said?.long);
    values[field] = said && spelling
      ? valueOf(all(said, spelling, given), spelling, classic)
      : initial;
  }
  return values as Values<T>;
}

/** What was said together, of an option that adds up. */
function all(
  said: Given,
  { isRepeated }: Spelling,
  given: readonly Given[],
): Given {
  if (!isRepeated) return said;
  const texts = given.filter(({ long }) => long === said.long)
    .map(({ text }) => text);
  return { ...said, text: texts.join(",") };
}

function valueOf(
  { name, text, isDenied, note = "" }: Given,
  { read, opposite }: Spelling,
  classic: boolean,
): unknown {
  return isDenied ? opposite : readAs(name, text, read, { classic, note });
}

/**
 * Reads a text; what is wrong with it is said of an option or an operand.
 *
 * @throws UsageError
 */
export function readAs<T>(
  name: string,
  text: string,
  read: (text: string, classic: boolean) => T,
  { classic = false, note = "" }: { classic?: boolean; note?: string } = {},
): T {
  try {
    return read(text, classic);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const { wanted, why } = error;
    const what = wanted === null
      ? ` ${why}`
      : ` wants ${wanted}, not ${JSON.stringify(text)}` +
        (why === undefined ? "" : `: ${why}`);
    throw new UsageError(name + what + note);
  }
}
