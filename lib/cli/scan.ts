/**
 * The words of a command line: which options are said, with which texts, and
 * which words are operands. As getopt(3): letters are bundled, a value follows
 * its letter at once or is the next word, options end at the first operand or
 * at `--`.
 *
 * @module
 */
import type { Spelling } from "./option.ts";
import { nearest } from "./suggest.ts";

/** A command line, or a key of a file, that fits no option. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** @param getopt the words of getopt(3), where it has some for this */
  constructor(message: string, readonly getopt: string | null = null) {
    super(message);
  }
}

/** An option as it was said. */
export interface Given {
  /** The spelling's. */
  readonly long: string;
  /** As it was written, for complaints. */
  readonly name: string;
  /** "" where it takes none. */
  readonly text: string;
  /** The index of the first of its words, and of the first that is not. */
  readonly words?: readonly [from: number, to: number];
  /** `false` in a file: the opposite of what it says. */
  readonly isDenied?: boolean;
  /** What a complaint about it adds. */
  readonly note?: string;
}

/** How a command differs from getopt(3). */
export interface Habits {
  /** Options may stand behind operands. */
  readonly permutes?: boolean;
  /** There are no letters: a word with a single dash is an operand. */
  readonly longOnly?: boolean;
}

/** What was found, up to `--help` if that was met. */
export interface Scanned {
  readonly given: readonly Given[];
  readonly operands: readonly string[];
  readonly wantsHelp: boolean;
}

/** @throws UsageError */
export function scan(
  spellings: readonly Spelling[],
  args: readonly string[],
  habits: Habits = {},
): Scanned {
  const scanner = new Scanner(spellings, args, habits);
  scanner.run();
  return scanner;
}

/** The spelling with a long name. Throws UsageError with what was meant. */
export function byLong(spellings: readonly Spelling[], name: string): Spelling {
  const found = spellings.find(({ long }) => long === name);
  if (found) return found;
  const meant = nearest(name, spellings.map(({ long }) => long));
  throw new UsageError(
    `unknown option '--${name}'` +
      (meant === null ? "" : ` (did you mean --${meant}?)`),
  );
}

class Scanner implements Scanned {
  readonly given: Given[] = [];
  readonly operands: string[] = [];
  wantsHelp = false;
  /** Of the word that is looked at, and of the next. */
  #from = 0;
  #next = 0;

  constructor(
    readonly spellings: readonly Spelling[],
    readonly args: readonly string[],
    readonly habits: Habits,
  ) {}

  run(): void {
    const { permutes = false, longOnly = false } = this.habits;
    while (this.#next < this.args.length && !this.wantsHelp) {
      this.#from = this.#next;
      const word = this.args[this.#next++];
      if (word === "--") break;
      if (word === "--help") this.wantsHelp = true;
      else if (word.startsWith("--")) this.#long(word);
      else if (/^-./s.test(word) && !longOnly) this.#bundle(word);
      else {
        this.operands.push(word);
        if (!permutes) break;
      }
    }
    if (!this.wantsHelp) this.operands.push(...this.args.slice(this.#next));
  }

  #long(word: string): void {
    const [, given, attached] = /^--([^=]*)(?:=(.*))?$/s.exec(word)!;
    const { long, value } = byLong(this.spellings, given);
    const name = `--${long}`;
    if (value !== undefined) this.#add(long, name, this.#value(name, attached));
    else if (attached === undefined) this.#add(long, name, "");
    else throw new UsageError(`${name} takes no value`);
  }

  #bundle(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at], name = `-${letter}`;
      const found = this.spellings.find(({ short }) => short === letter);
      if (!found && word === "-h") {
        this.wantsHelp = true;
        return;
      }
      if (!found) {
        throw new UsageError(
          `unknown option '${name}'`,
          `illegal option -- ${letter}`,
        );
      }
      const { long, value } = found;
      if (value === undefined) this.#add(long, name, "");
      else {
        const attached = word.slice(at + 1) || undefined;
        this.#add(long, name, this.#value(name, attached));
        return;
      }
    }
  }

  #value(name: string, attached: string | undefined): string {
    if (attached !== undefined) return attached;
    if (this.#next < this.args.length) return this.args[this.#next++];
    const letter = /^-([^-])$/.exec(name)?.[1];
    throw new UsageError(
      `${name} wants a value`,
      letter ? `option requires an argument -- ${letter}` : null,
    );
  }

  #add(long: string, name: string, text: string): void {
    this.given.push({ long, name, text, words: [this.#from, this.#next] });
  }
}
