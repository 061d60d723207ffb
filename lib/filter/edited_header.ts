/**
 * A message with another header, as filters have changed it: fields are
 * counted as Postfix counts them for milters.
 *
 * @module
 */
import { concat, foldCase, fromBytes, toBytes } from "../base/bytes.ts";
import type { Read } from "./filter.ts";

/**
 * A change of the header; byte strings. A field is whole, `Name: value`, its
 * lines ended by LF, but for the last. Our own Received field is not counted
 * and cannot be changed.
 */
export type Edit =
  /** Before the field that has this place; 0 and 1 are the first. */
  | { readonly type: "insert"; readonly place: number; readonly field: string }
  /** At the end of the header. */
  | { readonly type: "append"; readonly field: string }
  /**
   * In place of the field that is this one of its name, counted from 1; at the
   * end of the header if there is none.
   */
  | {
    readonly type: "change";
    readonly name: string;
    readonly which: number;
    readonly field: string;
  }
  | {
    readonly type: "remove";
    readonly name: string;
    readonly which: number;
  };

/** What of a header can be changed; what is longer goes on as it is. */
export const headerBytesLimit = 262_144;

type Chunk = Uint8Array<ArrayBuffer>;

/** A header that was read, and what comes after it. */
export interface Beginning {
  /** Each whole, with its folded lines, without the last LF. */
  readonly fields: string[];
  /** From the empty line on, or from the first line that is no field. */
  readonly rest: Chunk;
}

const lineFeed = 10, space = 32, tab = 9;

/**
 * Takes fields from the beginning of a message.
 *
 * @param isWhole whether nothing comes after these bytes
 */
export function readHeader(bytes: Chunk, isWhole: boolean): Beginning {
  const fields: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = endOfField(bytes, at, isWhole);
    if (end === null) break;
    const field = fromBytes(bytes.subarray(at, end));
    if (!/^[!-9;-~]+[ \t]*:/.test(field)) break;
    fields.push(field);
    at = end + 1;
  }
  return { fields, rest: bytes.subarray(at) };
}

/** Where the LF of its last line is; null: its end is not there yet. */
function endOfField(
  bytes: Chunk,
  from: number,
  isWhole: boolean,
): number | null {
  for (let at = from;; at++) {
    at = bytes.indexOf(lineFeed, at);
    if (at < 0) return null;
    const next = bytes[at + 1];
    if (next === undefined) return isWhole ? at : null;
    if (next !== space && next !== tab) return at;
  }
}

/** The name of a field, in small letters. */
export function nameOf(field: string): string {
  return foldCase(field.slice(0, field.indexOf(":")).trimEnd());
}

/** Fields after an edit. */
export function edited(fields: readonly string[], edit: Edit): string[] {
  switch (edit.type) {
    case "append":
      return [...fields, edit.field];
    case "insert":
      return fields.toSpliced(Math.max(0, edit.place - 1), 0, edit.field);
    case "change": {
      const at = find(fields, edit.name, edit.which);
      return at < 0
        ? [...fields, edit.field]
        : fields.toSpliced(at, 1, edit.field);
    }
    case "remove": {
      const at = find(fields, edit.name, edit.which);
      return at < 0 ? [...fields] : fields.toSpliced(at, 1);
    }
  }
}

function find(fields: readonly string[], name: string, which: number): number {
  const wanted = foldCase(name);
  let left = Math.max(1, which);
  return fields.findIndex((field) => nameOf(field) === wanted && --left === 0);
}

/**
 * A message as edits leave it.
 *
 * @param read the message from its header on
 * @param body in place of what comes after the header
 */
export async function* editedMessage(
  read: Read,
  edits: readonly Edit[],
  body?: Read,
): AsyncGenerator<Chunk> {
  const source = read()[Symbol.asyncIterator]();
  try {
    const { fields, rest } = await beginningOf(source);
    yield header(edits.reduce(edited, fields));
    if (body) {
      yield toBytes("\n");
      yield* body();
      return;
    }
    yield rest;
    for (;;) {
      const next = await source.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}

const header = (fields: readonly string[]): Chunk =>
  toBytes(fields.map((field) => `${field}\n`).join(""));

/** Reads a header, as much of it as there may be. */
export async function beginningOf(
  source: AsyncIterator<Chunk>,
): Promise<Beginning> {
  const [bytes, isWhole] = await beginning(source);
  return readHeader(bytes, isWhole);
}

/** As much as a header may have, or all there is, and whether it is. */
async function beginning(
  source: AsyncIterator<Chunk>,
): Promise<[bytes: Chunk, isWhole: boolean]> {
  const pieces: Chunk[] = [];
  let length = 0;
  while (length < headerBytesLimit) {
    const next = await source.next();
    if (next.done) return [concat(pieces), true];
    pieces.push(next.value);
    length += next.value.length;
    if (hasEmptyLine(next.value)) break;
  }
  return [concat(pieces), false];
}

/** Mostly the header ends in the first piece, and no more is kept of it. */
function hasEmptyLine(bytes: Chunk): boolean {
  for (let at = bytes.indexOf(lineFeed); at >= 0;) {
    if (bytes[at + 1] === lineFeed) return true;
    at = bytes.indexOf(lineFeed, at + 1);
  }
  return false;
}
