/**
 * Small mistakes that somebody could have made in a module: each a mutant,
 * which the tests should notice. The text is as `deno fmt` leaves it, with
 * blanks around what has two sides, so that no syntax tree is wanted.
 *
 * @module
 */
import { mask } from "./mask.ts";

export interface Mutant {
  readonly path: string;
  readonly line: number;
  /** What is changed, and into what. */
  readonly what: string;
  /** The whole module with it. */
  readonly source: string;
}

/** A text between two places, and what stands there instead. */
type Change = readonly [from: number, to: number, instead: string];

const swaps: Record<string, readonly string[]> = {
  "===": ["!=="],
  "!==": ["==="],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "&&": ["||"],
  "||": ["&&"],
  "+": ["-"],
  "-": ["+"],
  "+=": ["-="],
  "-=": ["+="],
  "++": ["--"],
  "--": ["++"],
  "true": ["false"],
  "false": ["true"],
};

function* operators(code: string): Generator<Change> {
  const found = code.matchAll(
    / (===|!==|<=?|>=?|&&|\|\||\+=?|-=?)(?=[ \n])|(\+\+|--)|(?<![\w.])(true|false)(?!\w)/g,
  );
  for (const { index, 0: all, 1: spaced, 2: step, 3: word } of found) {
    const from = spaced === undefined ? index : index + 1;
    const was = spaced ?? step ?? word ?? all;
    // A sum of texts is none of numbers.
    const around = code.slice(from - 2, from) +
      code.slice(from + was.length).trimStart().slice(0, 1);
    if (was === "+" && /["'`]/.test(around)) continue;
    for (const other of swaps[was]!) yield [from, from + was.length, other];
  }
}

function* numbers(code: string): Generator<Change> {
  const found = code.matchAll(/(?<![\w.#])(0x[\da-f]+|\d[\d_]*)(?![\w.])/gi);
  for (const { index, 0: was } of found) {
    // No test waits for a time, or asserts how long something took.
    const line = code.slice(code.lastIndexOf("\n", index) + 1, index);
    if (/^(export )?const \w*(Ms|Seconds) = /.test(line)) continue;
    const value = Number(was.replaceAll("_", ""));
    yield [index, index + was.length, `${value + 1}`];
    if (value === 1) yield [index, index + was.length, "0"];
  }
}

function* negations(code: string): Generator<Change> {
  for (const { index } of code.matchAll(/(?<=[(\s&|=])!(?=[\w(#])/g)) {
    yield [index, index + 1, ""];
  }
}

/** Conditions that are always, or never. */
function* guards(code: string): Generator<Change> {
  for (const { index, 0: head } of code.matchAll(/\bif \(/g)) {
    const from = index + head.length;
    const to = closing(code, from);
    yield [from, to, "false"];
    yield [from, to, "true"];
  }
}

/** Where the bracket is closed that is open at a place. */
function closing(code: string, at: number): number {
  for (let depth = 1; at < code.length; at++) {
    if (code[at] === "(") depth++;
    if (code[at] === ")" && --depth === 0) break;
  }
  return at;
}

/** Statements of a line that are left out. */
function* statements(code: string): Generator<Change> {
  const found = code.matchAll(
    /(?<=[{};]\s*\n *|\) )(await )?(this|#|\w)[\w.#?!]*(\(.*\)| [+-]?= .*|\+\+|--);$/gm,
  );
  for (const { index, 0: was } of found) {
    if (/^(const|let|return|throw|import|export|type) /.test(was)) continue;
    const at = was.indexOf("(") + 1;
    const isWhole = at === 0 || closing(was, at) < was.length;
    if (isWhole) yield [index, index + was.length, ";"];
  }
}

/** All mutants of a module. Some change types only, and nothing else. */
export function* mutantsOf(path: string, source: string): Generator<Mutant> {
  const code = mask(source);
  const kinds = [operators, numbers, negations, guards, statements];
  for (const changes of kinds) {
    for (const [from, to, instead] of changes(code)) {
      const was = source.slice(from, to).replace(/\s+/g, " ");
      yield {
        path,
        line: source.slice(0, from).split("\n").length,
        what: instead === ";" || instead === ""
          ? `without ${was}`
          : `${was} -> ${instead}`,
        source: source.slice(0, from) + instead + source.slice(to),
      };
    }
  }
}
