/**
 * Lines of `key=value` that a person reads and awk splits:
 *
 *     2026-11-25T08:12:19.204Z message.stored id=k3v9-1 from=a@b reply="250 ok"
 *
 * A line is a time, a verb and fields, with one blank between them. What is no
 * printable ASCII is written `\xNN`, and so is a backslash and a double quote.
 * Blanks stand only between double quotes, and there no `=` does: so whatever
 * a stranger says, no piece between two blanks looks like a field that is none.
 * Pure: byte strings in, byte strings out.
 *
 * @module
 */
import { fromBytes, toBytes } from "../base/bytes.ts";

/** A line that was read. */
export interface FieldLine {
  /** ISO 8601, in UTC. */
  readonly time: string;
  readonly verb: string;
  readonly fields: ReadonlyMap<string, string | readonly string[]>;
}

/** Which bytes stand as they are; the others are escaped. */
function plainBut(...unfit: string[]): Uint8Array {
  const plain = new Uint8Array(256).fill(1, 0x21, 0x7f);
  for (const each of ["\\", '"', ...unfit]) plain[each.charCodeAt(0)] = 0;
  return plain;
}

const inWords = plainBut();
const inItems = plainBut(",");
const inTexts = plainBut("=").fill(1, 0x20, 0x21);

/** What stands at the end of a value that was cut. */
const cutMark = toBytes("...");

const backslash = 0x5c, x = 0x78, quote = 0x22;
const digits = toBytes("0123456789abcdef");
const escapeBytes = 4;

/** Longer than any line. */
const bufferBytes = 16384;

/** A line while it is written. A string for each piece would cost more. */
export class LineBytes {
  readonly #bytes = new Uint8Array(bufferBytes);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  /** Until it is written to again. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What is known to need no escape. */
  raw(text: string): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** A value without blanks, of so many characters at the most. */
  word(value: string, most: number): void {
    this.#write(value, most, inWords);
  }

  /** One of several values, with commas between them. */
  item(value: string, most: number): void {
    this.#write(value, most, inItems);
  }

  /** A value for people, in double quotes. */
  text(value: string, most: number): void {
    this.#bytes[this.#length++] = quote;
    this.#write(value, most, inTexts);
    this.#bytes[this.#length++] = quote;
  }

  get length(): number {
    return this.#length;
  }

  /** Takes back what was written since a length. */
  cutTo(length: number): void {
    this.#length = length;
  }

  #write(value: string, most: number, plain: Uint8Array): void {
    const bytes = this.#bytes;
    const start = this.#length, end = start + most;
    let at = start;
    /** Where it is cut if it turns out too long: between two characters. */
    let cutAt = start;
    for (let i = 0; i < value.length && at <= end; i++) {
      const byte = value.charCodeAt(i) & 0xff;
      if (at <= end - cutMark.length) cutAt = at;
      if (plain[byte] === 1) bytes[at++] = byte;
      else {
        bytes[at++] = backslash;
        bytes[at++] = x;
        bytes[at++] = digits[byte >> 4];
        bytes[at++] = digits[byte & 15];
      }
    }
    if (at > end) {
      bytes.set(cutMark, cutAt);
      at = cutAt + cutMark.length;
    }
    this.#length = at;
  }
}

/** A value as a line has it, by one of the ways to write one. */
function written(
  way: "word" | "item" | "text",
  value: string,
  most: number,
): string {
  const line = new LineBytes();
  line[way](value, Math.min(most, bufferBytes - escapeBytes));
  return fromBytes(line.bytes);
}

export const word = (value: string, most: number): string =>
  written("word", value, most);

export const item = (value: string, most: number): string =>
  written("item", value, most);

export const text = (value: string, most: number): string =>
  written("text", value, most);

/** The value that was written. */
export const unescaped = (written: string): string =>
  written.includes("\\")
    ? written.replace(
      /\\x([0-9a-f]{2})/g,
      (_, digits: string) => String.fromCharCode(parseInt(digits, 16)),
    )
    : written;

/** A time and a verb, at the start of a line. */
const lineStart =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([a-z]+(?:\.[a-z]+)?)(?= |$)/;

const field = / ([a-z]+(?:_[a-z]+)*)=(?:"([^"]*)"?|([^ "]*))/y;

/**
 * Reads a line; null if it is none.
 *
 * @param lists the keys whose values are several
 */
export function readLine(
  line: string,
  lists: ReadonlySet<string>,
): FieldLine | null {
  const start = lineStart.exec(line);
  if (start === null) return null;
  const fields = new Map<string, string | readonly string[]>();
  let at = start[0].length;
  for (; at < line.length; at = field.lastIndex) {
    field.lastIndex = at;
    const found = field.exec(line);
    if (found === null) break; // the line was cut on its way
    const [, key, quoted, bare] = found;
    if (quoted === undefined && lists.has(key)) {
      fields.set(key, bare === "" ? [] : bare.split(",").map(unescaped));
    } else fields.set(key, unescaped(quoted ?? bare));
  }
  return { time: start[1], verb: start[2], fields };
}
