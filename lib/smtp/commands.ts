/**
 * Command lines: how they are cut out of the input, and their grammar
 * (RFC 5321 4.1.1).
 *
 * @module
 */
import { fromBytes } from "../bytes.ts";

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

/**
 * Requests of HTTP (RFC 9110 9, RFC 5789, RFC 9113 3.4): a browser was made
 * to speak to us (the cross-protocol attack ALPACA).
 */
export const httpVerbs: ReadonlySet<string> = new Set(
  "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PRI".split(" "),
);

/** Verbs of SMTP and its extensions that we know of and do not take. */
export const unimplementedVerbs: ReadonlySet<string> = new Set(
  "EXPN AUTH STARTTLS ETRN TURN ATRN SEND SOML SAML".split(" "),
);

/** What the parameters of MAIL ask. */
export type MailParameters =
  /** The client's estimate of the message's size, 0 if it made none. */
  | { readonly type: "taken"; readonly sizeBytes: number }
  | { readonly type: "malformed" }
  | { readonly type: "unknown" };

/** Reads `SIZE=n` (RFC 1870) and `BODY=7BIT` or `8BITMIME` (RFC 6152). */
export function mailParameters(text: string): MailParameters {
  let sizeBytes = 0;
  for (const parameter of text === "" ? [] : text.split(/ +/)) {
    const [keyword, value] = split(parameter.toUpperCase(), "=");
    if (keyword === "SIZE") {
      if (!/^\d{1,20}$/.test(value)) return { type: "malformed" };
      sizeBytes = Number(value);
    } else if (keyword === "BODY") {
      if (value !== "7BIT" && value !== "8BITMIME") {
        return { type: "malformed" };
      }
    } else return { type: "unknown" };
  }
  return { type: "taken", sizeBytes };
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
