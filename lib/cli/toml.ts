/**
 * Options as keys of a TOML document: `limit = 5` is `--limit 5`, `verbose =
 * true` is `--verbose`, and what is false is the opposite, or was not said.
 *
 * @module
 */
import { type Spelling, spellingsOf, type Table } from "./option.ts";
import { byLong, type Given, UsageError } from "./scan.ts";

interface Place {
  /** Whether what is for the whole process may stand here. */
  readonly mayBeProcess: boolean;
  /** For complaints: where it stands. */
  readonly note?: string;
}

/** These end a command line, or start another. */
const neverInFiles = ["help"];

/**
 * What the keys of a TOML table say, in their order.
 *
 * @throws UsageError that names the key
 */
export function keysOf(
  table: Readonly<Record<string, unknown>>,
  options: Table,
  { mayBeProcess, note = "" }: Place,
): Given[] {
  const all = Object.values(options);
  const scopesOf = (long: string) =>
    all.filter(({ spellings }) => spellings.some((each) => each.long === long))
      .map(({ scope }) => scope);
  const spellings = spellingsOf([options]);
  return Object.entries(table).flatMap(([key, value]) => {
    const wrong = (what: string) => new UsageError(`${key}${what}${note}`);
    if (neverInFiles.includes(key)) throw wrong(" cannot be in a file");
    if (key.length === 1) {
      const long = spellings.find(({ short }) => short === key)?.long;
      throw wrong(
        ": options have their long names" + (long ? `, this one ${long}` : ""),
      );
    }
    const spelling = byLong(spellings, key);
    const scopes = scopesOf(key);
    if (scopes.includes("commandLine")) throw wrong(" cannot be in a file");
    if (!mayBeProcess && scopes.includes("process")) {
      throw wrong(" is for the whole process: put it on top");
    }
    const said = textOf(spelling, value, wrong);
    if (said === null) return [];
    return [{ long: key, name: `--${key}`, note, ...said }];
  });
}

type Said = Pick<Given, "text" | "isDenied">;

/** What a value says; null if that is nothing. */
function textOf(
  spelling: Spelling,
  value: unknown,
  wrong: (what: string) => UsageError,
): Said | null {
  if (spelling.value === undefined) {
    if (value === true) return { text: "" };
    if (value !== false) throw wrong(" is neither true nor false");
    return spelling.opposite === undefined
      ? null
      : { text: "", isDenied: true };
  }
  if (typeof value === "boolean") throw wrong(` wants a value, not ${value}`);
  if (["string", "number", "bigint"].includes(typeof value)) {
    return { text: String(value) };
  }
  if (!spelling.isList) throw wrong(" is neither a text nor a number");
  const isTexts = Array.isArray(value) &&
    value.every((each) => typeof each === "string");
  if (!isTexts) throw wrong(" is neither a text nor a list of texts");
  return { text: value.join(",") };
}
