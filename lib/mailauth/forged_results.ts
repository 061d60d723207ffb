/**
 * Taking away the Authentication-Results that a message brings with it in our
 * name: whoever reads ours would believe them (RFC 8601 5).
 *
 * @module
 */
import { concat, foldCase, fromBytes } from "../base/bytes.ts";

/** A longer field is not looked at as a whole. */
const fieldBytesLimit = 65536;

const LF = 10, SPACE = 32, TAB = 9;
const none = new Uint8Array(0);

/** Passes a message on, without fields that claim to be from `authservId`. */
export class ForgedResultsFilter {
  readonly #authservId: string;
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #pieceBytes = 0;
  #lineStarts = true;
  /** What becomes of bytes: kept until the field's end, passed or dropped. */
  #state: "field" | "pass" | "drop" | "body" = "field";

  constructor(authservId: string) {
    this.#authservId = foldCase(authservId);
  }

  /** Takes the next bytes (lines end with LF); returns those to pass on. */
  push(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#state === "body") return bytes;
    const out: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < bytes.length;) {
      if (this.#lineStarts && bytes[at] !== SPACE && bytes[at] !== TAB) {
        out.push(this.#endField());
        if (bytes[at] === LF) {
          this.#state = "body";
          out.push(bytes.subarray(at));
          break;
        }
      }
      const end = bytes.indexOf(LF, at) + 1;
      this.#lineStarts = end > 0;
      const line = bytes.subarray(at, end || bytes.length);
      out.push(this.#take(line));
      at += line.length;
    }
    return concat(out);
  }

  /** What is left at the end of a message without a body. */
  end(): Uint8Array<ArrayBuffer> {
    return this.#state === "body" ? none : this.#endField();
  }

  #take(line: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#state === "drop") return none;
    if (this.#state === "pass") return line;
    this.#pieces.push(line);
    this.#pieceBytes += line.length;
    if (this.#pieceBytes <= fieldBytesLimit) return none;
    const field = this.#release();
    // Nobody honest writes that much before saying who he is.
    const results = isNamed(fromBytes(field.subarray(0, nameBytes)));
    this.#state = results ? "drop" : "pass";
    return results ? none : field;
  }

  #endField(): Uint8Array<ArrayBuffer> {
    this.#state = "field";
    const field = this.#release();
    // Most fields are told apart by their first letter.
    if ((field[0] | 0x20) !== 0x61) return field;
    return claimedId(fromBytes(field)) === this.#authservId ? none : field;
  }

  #release(): Uint8Array<ArrayBuffer> {
    const field = concat(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    return field;
  }
}

/** The name, and what tells that it ends there. */
const nameBytes = 23;

/** Whether a field begins with the name, wherever its colon is. */
function isNamed(start: string): boolean {
  return /^authentication-results(?![!-9;-~])/i.test(start);
}

/** Blanks may be before the colon, folded ones too (RFC 5322 4.5.8). */
function isResults(field: string): boolean {
  return /^authentication-results\s*:/i.test(field);
}

/**
 * Whose results a header field says it holds, letter case folded; null if it
 * is no Authentication-Results, "" if it does not say.
 */
export function claimedId(field: string): string | null {
  if (!isResults(field)) return null;
  const value = field.slice(field.indexOf(":") + 1);
  let at = afterComments(value, 0);
  let id = "";
  if (value[at] === '"') {
    for (at++; at < value.length && value[at] !== '"'; at++) {
      if (value[at] === "\\") at++;
      id += value[at] ?? "";
    }
    id = id.replace(/[\r\n]/g, "").trim();
  } else id = /^[^\s;(]*/.exec(value.slice(at))![0];
  return foldCase(id).replace(/\.$/, "");
}

/** Skips blanks and (nested) comments (RFC 5322 3.2.2). */
function afterComments(value: string, at: number): number {
  let depth = 0;
  for (; at < value.length; at++) {
    const char = value[at];
    if (char === "\\" && depth > 0) at++;
    else if (char === "(") depth++;
    else if (char === ")" && depth > 0) depth--;
    else if (depth === 0 && !/\s/.test(char)) break;
  }
  return at;
}
