/**
 * Options of a program as getopt(3) finds them, in words that are not all
 * known.
 *
 * @module
 */
import { Untranslatable } from "./remark.ts";
import { isOpen, literal, textWord, type Word, written } from "./word.ts";

export interface Option {
  readonly letter: string;
  readonly value: Word | null;
  readonly line: number;
}

export interface Found {
  readonly options: readonly Option[];
  readonly operands: readonly Word[];
}

/**
 * @param letters getopt's: a colon stands behind those with a value
 * @throws Untranslatable
 */
export function getopt(
  program: string,
  words: readonly Word[],
  letters: string,
): Found {
  const options: Option[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at];
    const [first] = word.pieces;
    if (literal(word) === "--") {
      at++;
      break;
    }
    if (first?.type !== "text" || !/^-./s.test(first.text)) {
      // A lone dash in front of more is no option to getopt.
      if (first?.type === "text" && first.text === "-" && !literal(word)) {
        throw unknownOption(program, word);
      }
      break;
    }
    const { text } = first;
    for (let i = 1; i < text.length; i++) {
      const letter = text[i];
      const index = letters.indexOf(letter);
      if (index < 0 || letter === ":") {
        throw new Untranslatable(
          word.line,
          `${program} knows no option -${letter}`,
        );
      }
      if (letters[index + 1] !== ":") {
        options.push({ letter, value: null, line: word.line });
        continue;
      }
      const attached = text.slice(i + 1);
      const pieces = [
        ...(attached === "" ? [] : textWord(attached, word.line).pieces),
        ...word.pieces.slice(1),
      ];
      const value = pieces.length > 0 ? { ...word, pieces } : words[++at];
      if (value === undefined) {
        throw new Untranslatable(
          word.line,
          `-${letter} of ${program} wants a value`,
        );
      }
      options.push({ letter, value: asOne(value), line: word.line });
      break;
    }
  }
  return { options, operands: words.slice(at) };
}

/** The value of an option is one word, whatever it comes to. */
const asOne = ({ pieces, line }: Word): Word => ({
  line,
  pieces: pieces.map((piece) =>
    piece.type === "text" ? piece : { ...piece, isQuoted: true }
  ),
});

function unknownOption(program: string, word: Word): Untranslatable {
  return new Untranslatable(
    word.line,
    `${written(word)} may be any option of ${program}: write it out`,
  );
}

/** Fails where a word may be options that nobody knows. */
export function refuseOpen(program: string, word: Word | undefined): void {
  if (word === undefined || !isOpen(word)) return;
  throw new Untranslatable(
    word.line,
    `${written(word)} of ${program} is known only when the script runs: ` +
      "write out what it stands for",
  );
}
