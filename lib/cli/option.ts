/**
 * An option as a row of a table: the one declaration that the parser, --help,
 * the configuration file, the man page and completion are made of.
 *
 * @module
 */

/** One way to say an option: `-c N`, `--limit N`, and `limit = N` in a file. */
export interface Spelling<T = unknown> {
  /** A letter, without its dash. */
  readonly short?: string;
  /** Without its dashes. */
  readonly long: string;
  /** What its value is called; a spelling without this takes none. */
  readonly value?: string;
  /** What the value may be, where it is one of a few words. */
  readonly words?: readonly string[];
  /** Whether a file may have a list of texts in place of `a,b`. */
  readonly isList?: boolean;
  /** Said again it adds to what was said, with a comma between. */
  readonly isRepeated?: boolean;
  /** Of several without a value, the one that need not be said. */
  readonly isUsual?: boolean;
  /** What `false` means in a file; without this, that it was not said. */
  readonly opposite?: T;
  /**
   * The same text, its paths named from / on that were named from a folder on;
   * without this there are none, or it is read as a path.
   */
  readonly fromFolder?: (text: string, folder: string) => string;
  /** A phrase for --help. */
  readonly help: string;
  /** Sentences that the man page has beyond it; scripts/man/prose.ts tells how. */
  readonly manual?: string;
  /**
   * From text to the final value.
   *
   * @param text "" where it takes none
   * @param classic under a name of 1996, to which any text is a number
   * @throws ValueError
   */
  read(text: string, classic: boolean): T;
}

/** Where an option may stand: everywhere, above all blocks, or in no file. */
export type Scope = "block" | "process" | "commandLine";

export interface Option<T = unknown> {
  /** What it is when nobody says it. */
  readonly initial: T;
  /** What --help calls the default, where `initial` does not tell. */
  readonly usual?: string;
  readonly scope: Scope;
  /** The last one that is said counts, unless it is repeated. */
  readonly spellings: readonly Spelling<T>[];
}

/** Options by the field of the result that each of them fills. */
export type Table = Readonly<Record<string, Option>>;

/** What comes of a command line: a field for each option. */
export type Values<T extends Table> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/** Options that belong together in --help and in the man page. */
export interface Group<T extends Table = Table> {
  readonly title: string;
  /** Sentences under the title, in the man page alone. */
  readonly manual?: string;
  readonly options: T;
}

/** A text that a reader cannot use; says what it wants instead. */
export class ValueError extends Error {
  override readonly name = "ValueError";

  /**
   * @param wanted what fits in its place; null if only `why` is to be said
   * @param why it is wrong, where that needs saying
   */
  constructor(readonly wanted: string | null, readonly why?: string) {
    super(why ?? `${wanted} is wanted`);
  }
}

interface About {
  readonly scope?: Scope;
  readonly usual?: string;
}

type ValueRow<T, I> =
  & About
  & Spelling<T>
  & { readonly value: string; readonly initial: I };

/** An option with a value. */
export function value<T>(row: ValueRow<T, null>): Option<T | null>;
export function value<T>(row: ValueRow<T, NoInfer<T>>): Option<T>;
export function value<T>(row: ValueRow<T, NoInfer<T> | null>): Option<T | null>;
export function value<T>(
  { initial, scope = "block", usual, ...spelling }: ValueRow<T, T | null>,
): Option<T | null> {
  const told = usual === undefined ? {} : { usual };
  return { initial, scope, ...told, spellings: [spelling] };
}

type Switch = Pick<Spelling, "short" | "long" | "help" | "manual">;

/** An option that is said or not. */
export function flag(
  { scope = "block", ...spelling }: Switch & About,
): Option<boolean> {
  const spellings = [{ ...spelling, opposite: false, read: () => true }];
  return { initial: false, scope, spellings };
}

/** An option and its opposite. */
export function either(
  initial: boolean,
  on: Switch,
  off: Switch,
): Option<boolean> {
  const both = oneOf(initial, [[on, true], [off, false]]);
  const spellings = both.spellings.map((spelling) => ({
    ...spelling,
    opposite: !spelling.read("", false),
  }));
  return { ...both, spellings };
}

/** Several words for one thing, of which the last counts. */
export function oneOf<T>(
  initial: T,
  ways: readonly (readonly [Switch, T])[],
  { scope = "block" }: About = {},
): Option<T> {
  const spellings = ways.map(([spelling, is]) => ({
    ...spelling,
    isUsual: ways.length > 1 && is === initial,
    read: () => is,
  }));
  return { initial, scope, spellings };
}

/** The spellings in some tables, each once: one may be of several options. */
export function spellingsOf(tables: readonly Table[]): Spelling[] {
  const all = tables.flatMap((table) => Object.values(table))
    .flatMap(({ spellings }) => spellings);
  return [...new Map(all.map((each) => [each.long, each])).values()];
}

/** What --help and the man page call the default; null if that needs no word. */
export function defaultOf({ initial, usual }: Option): string | null {
  if (usual !== undefined) return usual;
  return typeof initial === "number" || (initial && typeof initial === "string")
    ? String(initial)
    : null;
}

/** Groups, and the table of all their options. */
export interface Sections<T extends Table> {
  readonly groups: readonly Group[];
  readonly options: T;
}

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends
  (all: infer I) => void ? I : never;

/** The groups of a command, in the order that --help has them. */
export function sections<G extends readonly Group[]>(
  ...groups: G
): Sections<Intersection<G[number]["options"]> & Table> {
  const options = Object.assign({}, ...groups.map((group) => group.options));
  return { groups, options };
}
