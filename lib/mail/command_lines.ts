/**
 * Command lines, as SMTP and POP3 have them: how they are cut out of the input,
 * and a verb from its argument.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";

const lineFeed = 0x0a;

export type Line =
  | {
    readonly type: "line";
    /** Without its line end. */
    readonly text: string;
    readonly ending: "crlf" | "lf";
  }
  | { readonly type: "tooLong" };

/** Cuts command lines out of input that comes in pieces. */
export class CommandLines {
  #begun = "";

  /** @param limitBytes of a line, its end included: no more is kept */
  constructor(readonly limitBytes: number) {}

  /**
   * Reads input from `at` on, up to the end of a line. All of the input is
   * read if it holds none.
   *
   * @returns the line, null if it has not ended yet, and the index of the
   * first byte that was not read
   */
  read(input: Uint8Array, at: number): { line: Line | null; at: number } {
    const end = input.indexOf(lineFeed, at);
    const next = end === -1 ? input.length : end + 1;
    if (this.#begun.length + next - at > this.limitBytes) {
      this.#begun = "";
      return { line: { type: "tooLong" }, at: next };
    }
    const text = this.#begun + fromBytes(input.subarray(at, next));
    this.#begun = end === -1 ? text : "";
    return { line: end === -1 ? null : lineOf(text), at: next };
  }
}

function lineOf(text: string): Line {
  return text.endsWith("\r\n")
    ? { type: "line", text: text.slice(0, -2), ending: "crlf" }
    : { type: "line", text: text.slice(0, -1), ending: "lf" };
}

export interface Command {
  /** In upper case. */
  readonly verb: string;
  /** Blanks before it are cut. */
  readonly argument: string;
}

/** The verb ends at the first blank; the argument is the rest. */
export function parseCommand(line: string): Command {
  const blank = line.indexOf(" ");
  if (blank === -1) return { verb: line.toUpperCase(), argument: "" };
  let from = blank;
  while (line[from] === " ") from++;
  return {
    verb: line.slice(0, blank).toUpperCase(),
    argument: line.slice(from),
  };
}

/** Cuts the blanks at the end, which RFC 5321 4.1.1 asks to tolerate. */
export function cutBlanks(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") end--;
  return text.slice(0, end);
}
