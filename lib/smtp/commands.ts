/**
 * Command lines: how they are cut out of the input, and their grammar
 * (RFC 5321 4.1.1).
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

/**
 * Requests of HTTP (RFC 9110 9, RFC 5789, RFC 9113 3.4): a browser was made
 * to speak to us (the cross-protocol attack ALPACA).
 */
export const httpVerbs: ReadonlySet<string> = new Set(
  "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PRI".split(" "),
);

/** Verbs of SMTP and its extensions that we know of and do not take. */
export const unimplementedVerbs: ReadonlySet<string> = new Set(
  "EXPN ETRN TURN ATRN SEND SOML SAML".split(" "),
);

/** What is known of a message before it comes. */
export interface MailParameters {
  /** The client's estimate of the message's size, 0 if it made none. */
  readonly sizeBytes: number;
  /** Bytes of any kind, not lines (RFC 3030). */
  readonly binary: boolean;
  /** Addresses and header may be UTF-8 (RFC 6531). */
  readonly utf8: boolean;
}

/** The extensions that decide which parameters there are. */
export interface Offers {
  readonly startTls: boolean;
  readonly auth: boolean;
  readonly binaryMime: boolean;
  readonly smtpUtf8: boolean;
}

export const noOffers: Offers = {
  startTls: false,
  auth: false,
  binaryMime: false,
  smtpUtf8: false,
};

export type ReadParameters =
  | { readonly type: "taken"; readonly parameters: MailParameters }
  | { readonly type: "malformed" }
  | { readonly type: "unknown" };

/**
 * Reads the parameters of MAIL: `SIZE=n` (RFC 1870), `BODY=` (RFC 6152, RFC
 * 3030), `SMTPUTF8` (RFC 6531) and `AUTH=` (RFC 4954 5, which may be ignored).
 */
export function mailParameters(text: string, offers: Offers): ReadParameters {
  let sizeBytes = 0, binary = false, utf8 = false;
  for (const parameter of text === "" ? [] : text.split(/ +/)) {
    const [keyword, value] = split(parameter.toUpperCase(), "=");
    if (keyword === "SIZE") {
      if (!/^\d{1,20}$/.test(value)) return { type: "malformed" };
      sizeBytes = Number(value);
    } else if (keyword === "BODY") {
      binary = value === "BINARYMIME" && offers.binaryMime;
      if (!binary && value !== "7BIT" && value !== "8BITMIME") {
        return { type: "malformed" };
      }
    } else if (parameter.toUpperCase() === "SMTPUTF8" && offers.smtpUtf8) {
      utf8 = true;
    } else if (keyword === "AUTH" && offers.auth) {
      if (!/^(?:<>|[!-*,-<>-~+]+)$/.test(value)) return { type: "malformed" };
    } else return { type: "unknown" };
  }
  return { type: "taken", parameters: { sizeBytes, binary, utf8 } };
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** A chunk's size in octets, and whether it is the last; null if malformed. */
export function chunkOf(
  argument: string,
): { sizeBytes: number; last: boolean } | null {
  const found = /^(\d{1,15})( +LAST)?$/i.exec(argument);
  return found && { sizeBytes: Number(found[1]), last: Boolean(found[2]) };
}
