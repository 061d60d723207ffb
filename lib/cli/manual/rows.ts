/**
 * Rows of cells in a manual page.
 *
 * @module
 */
import { cellEnd } from "./macros.ts";
import { columnsOf, inOneLine, type Paint, type Piece } from "./pieces.ts";

/** Between one column and the next. */
const gap = 2;

/** The cells of a row. */
export function cellsOf(pieces: readonly Piece[]): Piece[][] {
  const cells: Piece[][] = [[]];
  for (const piece of pieces) {
    if (piece.text === cellEnd) cells.push([]);
    else cells.at(-1)!.push(piece);
  }
  return cells;
}

/** A line for each row, its cells below one another. */
export function alignedRows(
  rows: readonly (readonly (readonly Piece[])[])[],
  paint: Paint,
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) =>
      widths[i] = Math.max(widths[i] ?? 0, columnsOf(cell) + gap)
    );
  }
  return rows.map((row) =>
    row.map((cell, i) => {
      const blanks = i < row.length - 1 ? widths[i] - columnsOf(cell) : 0;
      return inOneLine(cell, paint) + " ".repeat(blanks);
    }).join("")
  );
}
