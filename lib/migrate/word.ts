/**
 * A word of a shell command: what it is, as far as that is known without
 * running anything, and how it is written.
 *
 * @module
 */

/** A part of a word. */
export type Piece =
  | { readonly type: "text"; readonly text: string }
  | {
    readonly type: "shell";
    /** How the shell finds out what it is: `$(cat FILE)`. */
    readonly source: string;
    /** What it is now; null where only the shell can tell. */
    readonly value: string | null;
    /** Where the value is from, as the end of a sentence. */
    readonly from: string | null;
    readonly isQuoted: boolean;
  };

export interface Word {
  readonly pieces: readonly Piece[];
  readonly line: number;
}

/** A word of which all is known. */
export const textWord = (text: string, line: number): Word => ({
  pieces: [{ type: "text", text }],
  line,
});

/** A word, if nothing of it is left to the shell; else null. */
export function literal({ pieces }: Word): string | null {
  let text = "";
  for (const piece of pieces) {
    if (piece.type === "shell") return null;
    text += piece.text;
  }
  return text;
}

/** What a word is now; null where only the shell can tell. */
export function valueOf({ pieces }: Word): string | null {
  let text = "";
  for (const piece of pieces) {
    const value = piece.type === "text" ? piece.text : piece.value;
    if (value === null) return null;
    text += value;
  }
  return text;
}

/** Whether it may come to several words, or to none. */
export const isOpen = ({ pieces }: Word): boolean =>
  pieces.some((piece) =>
    piece.type === "shell" && !piece.isQuoted && piece.value === null
  );

/** The last component of a path, where it is known. */
export const baseName = (word: Word): string | null =>
  valueOf(word)?.replace(/^.*\//s, "") ?? null;

/** As it is written in a line for a shell. */
export function written(word: Word): string {
  const text = literal(word);
  if (text !== null) return quoted(text);
  if (isOpen(word)) {
    return word.pieces.map((piece) =>
      piece.type === "text" ? quotedPart(piece.text) : piece.source
    ).join("");
  }
  const inside = word.pieces.map((piece) =>
    piece.type === "text"
      ? piece.text.replace(/[\\"$`]/g, "\\$&")
      : piece.source
  );
  return `"${inside.join("")}"`;
}

const quotedPart = (text: string) => text === "" ? "" : quoted(text);

/** A word for sh, whatever is in it. */
export function quoted(text: string): string {
  if (/^[\w@%+=:,.\/-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
