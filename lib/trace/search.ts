/**
 * Lines of a mail log among many others, found by a pattern in whole blocks:
 * to look at each line of a large file would take many times as long.
 *
 * @module
 */
import { type Record, recordOf } from "./record.ts";

/** Which lines to look at, and which of them to take. */
export interface Wanted {
  /** Global; each line that may be taken has it somewhere. */
  readonly pattern: RegExp;
  /** Whether what the pattern has caught may be of a line that is taken. */
  mayTake?(caught: string): boolean;
  takes(record: Record): boolean;
}

/** From when to when the lines of a mail log are that were met. */
export interface Span {
  first: string | null;
  last: string | null;
}

const anyTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?= [a-z]+\.|",")/g;
const newline = 10;

/** Near the end of a block there is a whole line. */
const tailLength = 8192;

/** What no line of ours is longer than: the rest of it is skipped. */
const longestLine = 1 << 20;

/** Workers that share a file write their lines together, later than others. */
const lateMs = 2000;
/** No more is kept of lines that come in no order at all. */
const mostKept = 20_000;

/**
 * Records in the order of their times, as far as their lines are nearly so;
 * those of a block together.
 */
export async function* search(
  blocks: AsyncIterable<Uint8Array>,
  wanted: Wanted,
  span: Span,
): AsyncGenerator<Record[]> {
  let kept: Record[] = [];
  for await (const text of wholeLines(blocks)) {
    widen(span, text);
    const records = recordsIn(text, wanted);
    if (records.length === 0) continue;
    kept = kept.concat(records).sort((a, b) => a.timeMs - b.timeMs);
    const dueMs = kept[kept.length - 1].timeMs - lateMs;
    const next = kept.length > mostKept
      ? kept.length >> 1
      : kept.findIndex(({ timeMs }) => timeMs > dueMs);
    const due = kept.slice(0, next);
    kept = kept.slice(next);
    if (due.length > 0) yield due;
  }
  if (kept.length > 0) yield kept;
}

/** Blocks as text that ends with a line. What is no UTF-8 is not ours. */
async function* wholeLines(
  blocks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest: Uint8Array = new Uint8Array(0);
  for await (const block of blocks) {
    const end = block.lastIndexOf(newline);
    if (end < 0) {
      // The block will be used again.
      rest = rest.length > longestLine ? rest : joined(rest, block).slice();
      continue;
    }
    const head = decoder.decode(joined(rest, block.subarray(0, end + 1)));
    rest = block.slice(end + 1);
    yield head;
  }
  if (rest.length > 0) yield decoder.decode(rest);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function widen(span: Span, text: string): void {
  anyTime.lastIndex = 0;
  const first = anyTime.exec(text)?.[0];
  if (first === undefined) return;
  const last = text.slice(-tailLength).match(anyTime)?.at(-1) ?? first;
  if (span.first === null || first < span.first) span.first = first;
  if (span.last === null || last > span.last) span.last = last;
}

/** The lines of a text that have a pattern, as far as they are taken. */
function recordsIn(
  text: string,
  { pattern, mayTake, takes }: Wanted,
): Record[] {
  const records: Record[] = [];
  pattern.lastIndex = 0;
  for (;;) {
    const found = pattern.exec(text);
    if (found === null) return records;
    const from = text.lastIndexOf("\n", found.index) + 1;
    const end = text.indexOf("\n", found.index);
    const to = end < 0 ? text.length : end;
    if (mayTake === undefined || mayTake(found[1])) {
      const record = recordOf(lineIn(text, from, to));
      if (record !== null && takes(record)) records.push(record);
    }
    pattern.lastIndex = to + 1;
    if (pattern.lastIndex > text.length) return records;
  }
}

/** splogger's stamp, and how much of a line it puts behind it. */
const stamped = /(\d{9,}\.\d{6}) /;
const pieceLength = 799;

/** A line, and what splogger has cut from it. */
function lineIn(text: string, from: number, to: number): string {
  let line = text.slice(from, to).replace(/\r$/, "");
  if (line.length < pieceLength) return line;
  const stamp = stamped.exec(line);
  if (stamp === null) return line;
  const start = stamp.index + stamp[0].length;
  const mark = ` ${stamp[1]}+`;
  for (let at = to; line.length - start >= pieceLength;) {
    at = text.indexOf(mark, at);
    if (at < 0) break;
    const end = text.indexOf("\n", at);
    line += text.slice(at + mark.length, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end;
    if ((line.length - start) % pieceLength !== 0) break;
  }
  return line;
}
