/**
 * What a paragraph of a manual page is made of: words in a style, and where
 * there is no blank between two of them.
 *
 * @module
 */

/** As manuals have always looked on terminals: what is typed, what is replaced. */
export type Style = "plain" | "bold" | "underlined";

export interface Piece {
  /** Without blanks. */
  readonly text: string;
  readonly style: Style;
  /** Whether it follows the one before it at once. */
  readonly isGlued: boolean;
}

/** How a piece is written for whoever reads it. */
export type Paint = (text: string, style: Style) => string;

/** For a file, a pipe, or a terminal of which nothing is known. */
export const plain: Paint = (text) => text;

/** Each letter printed twice, or over a line: what less, and paper, show so. */
export const overstruck: Paint = (text, style) => {
  if (style === "plain") return text;
  return [...text].map((letter) =>
    style === "bold" ? `${letter}\b${letter}` : `_\b${letter}`
  ).join("");
};

/** How many columns pieces take, in one line. */
export const columnsOf = (pieces: readonly Piece[]): number =>
  pieces.reduce(
    (sum, { text, isGlued }, i) =>
      sum + text.length + (isGlued || i === 0 ? 0 : 1),
    0,
  );

/** Pieces in one line, however long that is. */
export const inOneLine = (pieces: readonly Piece[], paint: Paint): string =>
  pieces.map(({ text, style, isGlued }, i) =>
    (isGlued || i === 0 ? "" : " ") + paint(text, style)
  ).join("");

/** Pieces in lines of a width; what is glued together stays together. */
export function inLines(
  pieces: readonly Piece[],
  width: number,
  paint: Paint,
): string[] {
  const lines: string[] = [];
  let line: Piece[] = [];
  for (const word of words(pieces)) {
    if (line.length > 0 && columnsOf([...line, ...word]) > width) {
      lines.push(inOneLine(line, paint));
      line = [];
    }
    line.push(...word);
  }
  return line.length > 0 ? [...lines, inOneLine(line, paint)] : lines;
}

function words(pieces: readonly Piece[]): Piece[][] {
  const found: Piece[][] = [];
  for (const piece of pieces) {
    if (piece.isGlued && found.length > 0) found.at(-1)!.push(piece);
    else found.push([piece]);
  }
  return found;
}
