/**
 * The rules text of tcprules, read as bytes (spec/rules.md):
 *
 *     ADDRESS:allow|deny[,NAME=QvalueQ]...
 *
 * where Q is any byte, and ADDRESS may hold one range, `1.2.3.4-9`. The
 * extended grammar has further addresses (extended.ts) and comments behind a
 * rule.
 *
 * @module
 */
import { concat, fromBytes, toBytes } from "../base/bytes.ts";

/** A line that makes no rule: where, what it says, and what was expected. */
export class RuleError extends Error {
  override readonly name = "RuleError";

  constructor(
    /** Counted from 1. */
    readonly line: number,
    /** Of the first byte that is wrong, counted from 1. */
    readonly column: number,
    /** The line itself, a byte string. */
    readonly text: string,
    readonly expected: string,
  ) {
    super(`line ${line}, column ${column}: expected ${expected}`);
  }
}

/**
 * Takes a record: the key is `key[keyStart..keyEnd)`, the data is the head of
 * `data`. Both are only good during the call.
 */
export type RecordSink = (
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  data: Uint8Array,
  dataLength: number,
  line: number,
) => void;

const [LF, TAB, SPACE, HASH, COMMA, DASH, DOT, COLON, EQUALS, AT] = [
  ..."\n\t #,-.:=@",
].map((character) => character.charCodeAt(0));
const [PLUS, D, ZERO, NINE] = [..."+D09"].map((c) => c.charCodeAt(0));
const NUL = 0;
const allow = [..."allow"].map((c) => c.charCodeAt(0));
const deny = [..."deny"].map((c) => c.charCodeAt(0));
/** A longer one is a mistake, and would have to be held in memory. */
const lineBytesLimit = 2 ** 28;
/** Nothing of an IPv4 address is larger. */
const rangeLimit = 255n;

export interface GrammarOptions {
  /**
   * Given: the extended grammar. Turns an address into its keys, or into null
   * for one of the classic grammar; throws an Error that says what it expected.
   */
  readonly expand?:
    | ((address: string) => readonly string[] | null)
    | undefined;
  /** Told of each line that makes no rule for want of a colon. */
  readonly onSkipped?: ((line: number) => void) | undefined;
  readonly plain?: PlainLines;
}

/** Takes plain lines faster, and leaves all others to the grammar. */
export interface PlainLines {
  /** Where in the block the first line starts that was not taken. */
  take(block: Uint8Array, start: number): number;
  /** How many lines it has taken so far. */
  readonly count: number;
}

/** Hands every record of a rules text to a sink, in the order of the text. */
export class RulesParser {
  readonly #sink: RecordSink;
  readonly #options: GrammarOptions;
  /** Lines that were not plain. */
  #others = 0;
  /** The beginning of a line whose end has not come yet. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  /** Room for a record's data. */
  #data = new Uint8Array(4096);

  constructor(sink: RecordSink, options: GrammarOptions = {}) {
    this.#sink = sink;
    this.#options = options;
  }

  /**
   * Takes the next bytes of the text.
   *
   * @throws RuleError at the first line that tcprules would refuse
   */
  push(block: Uint8Array): void {
    let start = 0;
    if (this.#begunBytes > 0) {
      start = block.indexOf(LF) + 1;
      if (start === 0) return this.#keep(block);
      this.#keep(block.subarray(0, start));
      this.end();
    }
    const { plain } = this.#options;
    for (;;) {
      if (plain) start = plain.take(block, start);
      const next = block.indexOf(LF, start);
      if (next < 0) break;
      this.#parseLine(block, start, next);
      start = next + 1;
    }
    if (start < block.length) this.#keep(block.subarray(start));
  }

  /**
   * The text has ended; a last line needs no newline.
   *
   * @throws RuleError
   */
  end(): void {
    if (this.#begunBytes === 0) return;
    const line = concat(this.#begun);
    this.#begun = [];
    this.#begunBytes = 0;
    this.#parseLine(line, 0, line.length);
  }

  /** Read so far. */
  get #lines(): number {
    return this.#others + (this.#options.plain?.count ?? 0);
  }

  #keep(bytes: Uint8Array): void {
    this.#begun.push(bytes.slice());
    this.#begunBytes += bytes.length;
    if (this.#begunBytes <= lineBytesLimit) return;
    const expected = `at most ${lineBytesLimit} bytes in a line`;
    throw new RuleError(this.#lines + 1, lineBytesLimit, "", expected);
  }

  #parseLine(text: Uint8Array, start: number, end: number): void {
    const { expand, onSkipped } = this.#options;
    this.#others++;
    const line = this.#lines;
    while (end > start && isBlank(text[end - 1])) end--;
    if (end === start || text[start] === HASH) return;
    if (expand && isComment(text, start, end)) return;
    let colon = start;
    if (expand) colon = extendedColon(text, start, end);
    else while (colon < end && text[colon] !== COLON) colon++;
    // tcprules skips a line without a colon, and so must we.
    if (colon === end) return onSkipped?.(line);
    if (this.#data.length < end - start + 2) {
      this.#data = new Uint8Array(2 * (end - start));
    }
    const data = this.#data;
    const length = parseInstruction(
      text,
      start,
      colon + 1,
      end,
      data,
      line,
      expand !== undefined,
    );
    const keys = expand && this.#expanded(text, start, colon, end);
    if (!keys) {
      return expandRange(
        text,
        start,
        colon,
        end,
        data,
        length,
        line,
        this.#sink,
      );
    }
    for (const key of keys) {
      this.#sink(toBytes(key), 0, key.length, data, length, line);
    }
  }

  #expanded(text: Uint8Array, start: number, colon: number, end: number) {
    try {
      return this.#options.expand!(fromBytes(text.subarray(start, colon)));
    } catch (error) {
      const line = fromBytes(text.subarray(start, end));
      throw new RuleError(this.#lines, 1, line, (error as Error).message);
    }
  }
}

/** Blanks, and then a comment or nothing. */
function isComment(text: Uint8Array, at: number, end: number): boolean {
  while (at < end && isBlank(text[at])) at++;
  return at === end || text[at] === HASH;
}

/**
 * The first colon with allow or deny behind it, since IPv6 addresses have
 * colons too; without one, the last colon; the end without any.
 */
function extendedColon(text: Uint8Array, start: number, end: number): number {
  let last = end;
  for (let at = start; at < end; at++) {
    if (text[at] !== COLON) continue;
    if (startsWith(text, at + 1, end, allow)) return at;
    if (startsWith(text, at + 1, end, deny)) return at;
    last = at;
  }
  return last;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === LF;
}

/** Writes a record's data; returns its length. */
function parseInstruction(
  text: Uint8Array,
  start: number,
  at: number,
  end: number,
  data: Uint8Array,
  line: number,
  comments: boolean,
): number {
  const fail = (where: number, expected: string) =>
    new RuleError(
      line,
      where - start + 1,
      fromBytes(text.subarray(start, end)),
      expected,
    );
  let length = 0;
  if (startsWith(text, at, end, allow)) at += allow.length;
  else if (startsWith(text, at, end, deny)) {
    at += deny.length;
    data[length++] = D;
    data[length++] = 0;
  } else throw fail(at, "allow or deny after the colon");
  while (at < end) {
    if (comments && isBlank(text[at]) && isComment(text, at, end)) break;
    if (text[at] !== COMMA) throw fail(at, "a comma or the end of the line");
    at++;
    data[length++] = PLUS;
    while (at < end && text[at] !== EQUALS) data[length++] = text[at++];
    if (at === end) throw fail(at, "NAME= after the comma");
    data[length++] = EQUALS;
    const quote = text[++at];
    if (at >= end) throw fail(at, "a quoted value after the =");
    const opened = at++;
    while (at < end && text[at] !== quote) data[length++] = text[at++];
    if (at >= end) {
      const closing = JSON.stringify(String.fromCharCode(quote));
      throw fail(opened, `a value with ${closing} on both sides`);
    }
    at++;
    data[length++] = 0;
  }
  return length;
}

function startsWith(
  text: Uint8Array,
  at: number,
  end: number,
  word: readonly number[],
): boolean {
  if (end - at < word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if (text[at + i] !== word[i]) return false;
  }
  return true;
}

/** One record, or one for each number of the address's range. */
function expandRange(
  text: Uint8Array,
  start: number,
  colon: number,
  end: number,
  data: Uint8Array,
  length: number,
  line: number,
  sink: RecordSink,
): void {
  let dash = -1;
  for (let i = start; i < colon; i++) {
    if (text[i] === DASH && dash < 0) dash = i;
    else if (text[i] === EQUALS || text[i] === AT) {
      dash = -1;
      break;
    }
  }
  if (dash < 0) return sink(text, start, colon, data, length, line);

  let left = dash;
  while (left > start && text[left - 1] !== DOT) left--;
  let right = dash + 1;
  while (right < colon && text[right] !== DOT) right++;
  const low = decimal(text, left, dash), high = decimal(text, dash + 1, right);
  if (low === null || high === null) {
    throw new RuleError(
      line,
      (low === null ? left : dash + 1) - start + 1,
      fromBytes(text.subarray(start, end)),
      "a number on both sides of the -",
    );
  }
  const prefix = text.subarray(start, left), rest = text.subarray(right, colon);
  const upper = high > rangeLimit ? rangeLimit : high;
  for (let number = low; number <= upper; number++) {
    const digits = new TextEncoder().encode(String(number));
    const key = new Uint8Array(prefix.length + digits.length + rest.length);
    key.set(prefix);
    key.set(digits, prefix.length);
    key.set(rest, prefix.length + digits.length);
    sink(key, 0, key.length, data, length, line);
  }
}

/**
 * A C string that is an unsigned long, which wraps: no digits are 0, a NUL
 * ends it, anything else makes it null.
 */
function decimal(text: Uint8Array, start: number, end: number): bigint | null {
  let at = start;
  while (at < end && text[at] >= ZERO && text[at] <= NINE) at++;
  if (at < end && text[at] !== NUL) return null;
  return BigInt.asUintN(64, BigInt(fromBytes(text.subarray(start, at))));
}
