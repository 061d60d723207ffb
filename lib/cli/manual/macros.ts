/**
 * Lines of mdoc(7), the language of manual pages, as words in a style: as much
 * of it as our pages use. A macro that is not known is what stands behind it.
 *
 * @module
 */
import type { Piece, Style } from "./pieces.ts";

/** A word of a line. One in quotes is no macro, whatever it is. */
interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
}

const styles: Readonly<Record<string, Style>> = {
  ...{ Ar: "underlined", Em: "underlined", Pa: "underlined", Va: "underlined" },
  ...{ Cm: "bold", Fl: "bold", Ic: "bold", Nm: "bold", Sy: "bold" },
  ...{ Dv: "plain", Er: "plain", Ev: "plain", Li: "plain", No: "plain" },
  ...{ Sx: "plain", Xr: "plain", Lk: "plain", Nd: "plain" },
};

/** What stands around all that follows in the line. */
const enclosures: Readonly<Record<string, readonly [string, string]>> = {
  ...{ Op: ["[", "]"], Pq: ["(", ")"], Bq: ["[", "]"], Aq: ["<", ">"] },
  ...{ Ql: ["'", "'"], Sq: ["'", "'"], Dq: ['"', '"'], Qq: ['"', '"'] },
};

/** Those that begin, and end, such a thing by words of their own. */
const halves: Readonly<Record<string, string>> = {
  ...{ Qo: '"', Qc: '"', Do: '"', Dc: '"', So: "'", Sc: "'" },
  ...{ Po: "(", Pc: ")", Oo: "[", Oc: "]" },
};

const isMacro = ({ text, isQuoted }: Word) =>
  !isQuoted &&
  (text in styles || text in enclosures || text in halves ||
    ["Ns", "Pf", "Ta"].includes(text));

const isClosing = ({ text, isQuoted }: Word) =>
  !isQuoted && /^[.,:;)\]?!]$/.test(text);
const isOpening = ({ text, isQuoted }: Word) =>
  !isQuoted && /^[([]$/.test(text);

/** Between the cells of a row; no page has such a word. */
export const cellEnd = "\t";

/** The words of a line of macros, without the dot. */
export const wordsOf = (line: string): Word[] =>
  [...line.matchAll(/"((?:[^"]|"")*)"|(\S+)/g)].map(([, quoted, bare]) =>
    quoted === undefined
      ? { text: bare, isQuoted: false }
      : { text: quoted.replaceAll('""', '"'), isQuoted: true }
  );

/** What roff's escapes mean. */
export const unescaped = (text: string): string =>
  text.replace(/\\(?:&|e|-|\((?:dq|aq))/g, (escape) => meanings[escape]);

const meanings: Readonly<Record<string, string>> = {
  ...{ "\\&": "", "\\e": "\\", "\\-": "-", "\\(dq": '"', "\\(aq": "'" },
};

/** The words of a line of text. */
export const piecesOfText = (line: string, style: Style = "plain"): Piece[] =>
  unescaped(line).split(/\s+/).filter(Boolean)
    .map((text) => ({ text, style, isGlued: false }));

/** A line of macros. */
export function piecesOf(words: readonly Word[], nm: string): Piece[] {
  const line = new Line(nm);
  // Punctuation at the end is outside of whatever is around the rest.
  const end = words.findLastIndex((word) => !isClosing(word)) + 1;
  line.take(words.slice(0, end));
  line.close();
  for (const { text } of words.slice(end)) line.closing(text);
  return line.pieces;
}

class Line {
  readonly pieces: Piece[] = [];
  readonly #closers: string[] = [];
  #isGlued = false;
  #macro = "No";

  /** @param nm what Nm says where nothing follows it */
  constructor(readonly nm: string) {}

  take(words: readonly Word[]): void {
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      const next = words.at(i + 1);
      if (!isMacro(word)) this.#word(word);
      else if (word.text === "Xr") {
        const section = words.at(i + 2)?.text ?? "";
        this.#add(`${unescaped(next?.text ?? "")}(${section})`, "plain");
        this.#macro = "No";
        i += 2;
      } else if (word.text === "Pf" && next) {
        this.#add(unescaped(next.text), "plain");
        this.#isGlued = true;
        i++;
      } else this.#begin(word.text, !next || isMacro(next) || isClosing(next));
    }
  }

  close(): void {
    for (const closer of this.#closers.reverse()) this.closing(closer);
  }

  closing(text: string): void {
    this.#isGlued = true;
    this.#add(text, "plain");
  }

  /** @param isAlone whether no word of its own follows */
  #begin(macro: string, isAlone: boolean): void {
    this.#macro = macro in styles ? macro : "No";
    if (macro === "Ns") this.#isGlued = true;
    else if (macro === "Ta") {
      this.#add(cellEnd, "plain");
    } else if (macro in enclosures) {
      const [opener, closer] = enclosures[macro];
      this.#add(opener, "plain");
      this.#isGlued = true;
      this.#closers.push(closer);
    } else if (/^.o$/.test(macro) && macro in halves) {
      this.#add(halves[macro], "plain");
      this.#isGlued = true;
    } else if (macro in halves) this.closing(halves[macro]);
    else if (isAlone && macro === "Fl") this.#add("-", "bold");
    else if (isAlone && macro === "Nm") this.#addAll(this.nm, "bold");
    else if (isAlone && macro === "Ar") this.#addAll("file ...", "underlined");
  }

  #word(word: Word): void {
    const { text } = word;
    if (isClosing(word)) this.closing(text);
    else if (isOpening(word)) {
      this.#add(text, "plain");
      this.#isGlued = true;
    } else if (text === "|" && !word.isQuoted) this.#add(text, "plain");
    else if (this.#macro === "Fl") this.#add(`-${unescaped(text)}`, "bold");
    else this.#addAll(unescaped(text), styles[this.#macro]);
  }

  #addAll(text: string, style: Style): void {
    // What escapes leave nothing of is a word all the same.
    if (text === "") this.#add("", style);
    for (const word of text.split(/\s+/).filter(Boolean)) {
      this.#add(word, style);
    }
  }

  #add(text: string, style: Style): void {
    this.pieces.push({ text, style, isGlued: this.#isGlued });
    this.#isGlued = false;
  }
}
