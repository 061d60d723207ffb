/**
 * Command lines, as SMTP and POP3 have them: how they are cut out of the input,
 * and a verb from its argument.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";

const lineFeed = 0x0a;
const nothing = new Uint8Array(0);
/** Of a line that has begun: most end in the same read. */
const firstBytes = 64;

export type Line =
  | {
    readonly type: "line";
    /** Without its line end. */
    readonly text: string;
    readonly ending: "crlf" | "lf";
  }
  | { readonly type: "tooLong" };

/** Enough to know a command by. */
const headBytes = 16;

/** Cuts command lines out of input that comes in pieces. */
export class CommandLines {
  /**
   * What has come of a line: its bytes, since a text that is joined byte by
   * byte takes thirty times its length.
   */
  #begun = nothing;
  #length = 0;

  /** @param limitBytes of a line, its end included: no more is kept */
  constructor(readonly limitBytes: number) {}

  /** Whether a line has begun that has not ended yet. */
  get hasBegun(): boolean {
    return this.#length > 0;
  }

  /**
   * How the line begins that {@linkcode read} would read; null if it is not
   * longer than others, as far as the input goes.
   */
  headOfLong(input: Uint8Array, at: number): string | null {
    if (this.#length + input.length - at <= this.limitBytes) return null;
    const begun = this.#begun.subarray(0, Math.min(this.#length, headBytes));
    const rest = input.subarray(at, at + headBytes - begun.length);
    return fromBytes(begun) + fromBytes(rest);
  }

  /**
   * Reads input from `at` on, up to the end of a line. All of the input is
   * read if it holds none.
   *
   * @param limitBytes of this line, if it may be longer than others
   * @returns the line, null if it has not ended yet, and the index of the
   * first byte that was not read
   */
  read(
    input: Uint8Array,
    at: number,
    limitBytes = this.limitBytes,
  ): { line: Line | null; at: number } {
    const end = input.indexOf(lineFeed, at);
    const next = end === -1 ? input.length : end + 1;
    if (this.#length + next - at > limitBytes) {
      this.#take();
      return { line: { type: "tooLong" }, at: next };
    }
    const bytes = input.subarray(at, next);
    if (end !== -1) {
      const text = fromBytes(bytes);
      const line = this.#length === 0 ? text : fromBytes(this.#take()) + text;
      return { line: lineOf(line), at: next };
    }
    this.#keep(bytes);
    return { line: null, at: next };
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#begun.length) {
      const room = Math.max(length, 2 * this.#begun.length, firstBytes);
      const most = Math.max(length, this.limitBytes);
      const larger = new Uint8Array(Math.min(room, most));
      larger.set(this.#begun.subarray(0, this.#length));
      this.#begun = larger;
    }
    this.#begun.set(bytes, this.#length);
    this.#length = length;
  }

  #take(): Uint8Array {
    const begun = this.#begun.subarray(0, this.#length);
    this.#begun = nothing;
    this.#length = 0;
    return begun;
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

/** Cuts blanks and tabs at the end, which RFC 5321 4.1.1 asks to tolerate. */
export function cutBlanks(text: string): string {
  let end = text.length;
  while (text[end - 1] === " " || text[end - 1] === "\t") end--;
  return text.slice(0, end);
}
