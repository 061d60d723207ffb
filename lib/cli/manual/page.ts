/**
 * A manual page, made to be read: mdoc(7) in, lines out. The executable has its
 * pages with it, and not every machine has a man(1).
 *
 * @module
 */
import { piecesOf, piecesOfText, unescaped, wordsOf } from "./macros.ts";
import {
  columnsOf,
  inLines,
  inOneLine,
  type Paint,
  type Piece,
} from "./pieces.ts";
import { alignedRows, cellsOf } from "./rows.ts";

/** Of the text below a heading, and of the heading of a part of a section. */
const margin = 5, partMargin = 3;
const offsetColumns = 6;
/** Of the text beside or below a tag, where the page leaves it to us. */
const usualTagColumns = 8;
const gap = 2;

interface List {
  readonly kind: string;
  readonly isCompact: boolean;
  /** Where its tags begin. */
  readonly at: number;
  /** How far behind that its texts begin. */
  readonly columns: number;
  readonly rows: Piece[][][];
  count: number;
}

/** A page in lines of a width, with its title and its date around it. */
export function renderPage(page: string, width: number, paint: Paint): string {
  const rendering = new Rendering(width, paint);
  for (const line of page.split("\n")) rendering.line(line);
  return rendering.end();
}

class Rendering {
  readonly #lines: string[] = [];
  readonly #lists: List[] = [];
  readonly #offsets: number[] = [];
  #paragraph: Piece[] = [];
  /** What stands in front of the paragraph, in its first line. */
  #tag: Piece[] | null = null;
  /** In a synopsis, how much further its next lines begin. */
  #hanging = 0;
  #isLiteral = false;
  #belowHeading = -1;
  #section = "";
  #title = "";
  #date = "";
  #nm = "";

  constructor(readonly width: number, readonly paint: Paint) {}

  line(line: string): void {
    if (line.startsWith('.\\"')) return;
    const [, macro, rest] = /^\.(\S+) ?(.*)$/.exec(line) ?? [];
    if (macro !== undefined) this.#macro(macro, rest);
    else if (this.#isLiteral) this.#literal(piecesIn(line));
    else this.#paragraph.push(...piecesOfText(line));
  }

  end(): string {
    this.#flush();
    const { width } = this;
    const gap = " ".repeat(Math.max(1, width - 2 * this.#title.length));
    const date = this.#date.padStart(
      Math.floor((width + this.#date.length) / 2),
    );
    return [`${this.#title}${gap}${this.#title}`, ...this.#lines, "", date]
      .join("\n");
  }

  get #list(): List | undefined {
    return this.#lists.at(-1);
  }

  /** Where texts begin. */
  get #margin(): number {
    const { at = margin, columns = 0 } = this.#list ?? {};
    return at + columns + this.#offsets.reduce((sum, each) => sum + each, 0);
  }

  #macro(macro: string, rest: string): void {
    switch (macro) {
      case "Dd":
        this.#date = rest;
        break;
      case "Dt":
        this.#title = rest.replace(/ (\d).*$/, "($1)");
        break;
      case "Os":
        break;
      case "Sh":
      case "Ss":
        return this.#heading(rest, macro === "Ss");
      case "Pp":
        this.#flush();
        return this.#gap();
      case "Bl":
        return this.#begin(rest);
      case "It":
        return this.#item(rest);
      case "El":
        return this.#endList();
      case "Bd":
        this.#flush();
        this.#gap();
        this.#isLiteral = rest.includes("-literal");
        this.#offsets.push(rest.includes("-offset") ? offsetColumns : 0);
        break;
      case "Ed":
        this.#flush();
        this.#isLiteral = false;
        this.#offsets.pop();
        break;
      case "Dl":
      case "D1":
        this.#flush();
        this.#offsets.push(offsetColumns);
        this.#literal(piecesOf(wordsOf(rest), this.#nm));
        this.#offsets.pop();
        break;
      case "Nm":
        return this.#name(rest);
      case "Nd":
        this.#paragraph.push(...piecesOfText("-"), ...piecesOfText(rest));
        break;
      default:
        this.#inline(macro, rest);
    }
  }

  #inline(macro: string, rest: string): void {
    const pieces = piecesOf(wordsOf(`${macro} ${rest}`), this.#nm);
    if (this.#isLiteral) this.#literal(pieces);
    else this.#paragraph.push(...pieces);
  }

  #name(rest: string): void {
    if (this.#section === "NAME" && this.#nm === "") {
      this.#nm = wordsOf(rest)[0]?.text ?? "";
    }
    if (this.#section === "SYNOPSIS") {
      this.#flush();
      const name = piecesOf(wordsOf(`Nm ${rest}`), this.#nm);
      this.#hanging = columnsOf(name) + 1;
    }
    this.#inline("Nm", rest);
  }

  #heading(text: string, isPart: boolean): void {
    this.#flush();
    this.#gap();
    if (!isPart) this.#section = text;
    const pieces = piecesOf(wordsOf(text), this.#nm).map((piece): Piece => ({
      ...piece,
      style: "bold",
    }));
    this.#lines.push(
      " ".repeat(isPart ? partMargin : 0) + inOneLine(pieces, this.paint),
    );
    this.#belowHeading = this.#lines.length;
  }

  #begin(rest: string): void {
    this.#flush();
    const words = wordsOf(rest);
    const width = words[words.findIndex(({ text }) => text === "-width") + 1];
    const kind = words[0].text;
    const tagColumns = words.some(({ text }) => text === "-width") &&
        width.text !== "Ds"
      ? unescaped(width.text).length + gap
      : usualTagColumns;
    const columns = { "-tag": tagColumns, "-column": 0 }[kind] ?? 4;
    const isCompact = rest.includes("-compact") || kind === "-column";
    const offset = rest.includes("-offset") ? offsetColumns : 0;
    const at = this.#margin + offset;
    if (isCompact) this.#gap();
    this.#lists.push({ kind, isCompact, at, columns, rows: [], count: 0 });
  }

  #item(rest: string): void {
    const list = this.#list!;
    this.#flush();
    const pieces = piecesOf(wordsOf(rest), this.#nm);
    if (list.kind === "-column") {
      list.rows.push(cellsOf(pieces));
      return;
    }
    if (!list.isCompact) this.#gap();
    list.count++;
    const mark = { "-bullet": "o", "-enum": `${list.count}.` }[list.kind];
    this.#tag = mark === undefined ? pieces : piecesOfText(mark);
  }

  #endList(): void {
    this.#flush();
    const { rows, at } = this.#lists.pop()!;
    for (const row of alignedRows(rows, this.paint)) {
      this.#lines.push(" ".repeat(at) + row);
    }
  }

  /** A line as it is. */
  #literal(pieces: readonly Piece[]): void {
    this.#lines.push(
      (" ".repeat(this.#margin) + inOneLine(pieces, this.paint)).trimEnd(),
    );
  }

  /** An empty line, if there is none and no heading. */
  #gap(): void {
    if (this.#lines.length === this.#belowHeading) return;
    if (this.#lines.at(-1) !== "") this.#lines.push("");
  }

  /** Writes the paragraph. */
  #flush(): void {
    const tag = this.#tag, paragraph = this.#paragraph, hanging = this.#hanging;
    this.#tag = null;
    this.#paragraph = [];
    this.#hanging = 0;
    const indent = this.#margin;
    const width = Math.max(1, this.width - indent - hanging);
    const lines = inLines(paragraph, width, this.paint);
    const [first, ...others] = lines;
    const rest = others.map((each) => " ".repeat(indent + hanging) + each);
    if (tag !== null) {
      const { at, columns } = this.#list!;
      const blanks = columns - columnsOf(tag);
      const isBeside = blanks > 0 && first !== undefined;
      const tags = inLines(tag, Math.max(1, this.width - at), this.paint)
        .map((each) => " ".repeat(at) + each);
      if (isBeside) tags[0] += " ".repeat(blanks) + first;
      this.#lines.push(...tags);
      if (isBeside) this.#lines.push(...rest);
      else this.#lines.push(...lines.map((each) => " ".repeat(indent) + each));
    } else if (first !== undefined) {
      this.#lines.push(" ".repeat(indent) + first, ...rest);
    }
  }
}

/** A line in which blanks count. */
const piecesIn = (line: string): Piece[] => [
  { text: unescaped(line), style: "plain", isGlued: false },
];
