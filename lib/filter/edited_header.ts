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
 * lines ended by LF, but for the last. Our own Received field has a place as
 * others have, but cannot be changed or removed, and is not counted by name.
 */
export type Edit =
  /** Before the field that has this place, counted from 0; else at the end. */
  | { readonly type: "insert"; readonly place: number; readonly field: string }
  /** At the end of the header. */
  | { readonly type: "append"; readonly field: string }
  /**
   * In place of the field that is this one of its name, counted from 1, or, the
   * last first, from -1; at the end of the header if there is none.
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
  }
  /** All of this name. */
  | { readonly type: "removeAll"; readonly name: string };

/** What of a header can be changed; what is longer goes on as it is. */
export const headerBytesLimit = 262_144;

type Chunk = Uint8Array<ArrayBuffer>;

/** A header that was read, and what comes after it. */
export interface Beginning {
  /** Each whole, with its folded lines, without the last LF. */
  readonly fields: readonly string[];
  /** From the empty line on, or from the first line that is no field. */
  readonly rest: Chunk;
  /** Whether that is where the header ends: it may be too long to be read. */
  readonly hasEnded: boolean;
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
  let hasEnded = true;
  while (at < bytes.length) {
    const end = endOfField(bytes, at, isWhole);
    if (end === null) {
      hasEnded = isWhole;
      break;
    }
    const field = fromBytes(bytes.subarray(at, end));
    if (!/^[!-9;-~]+[ \t]*:/.test(field)) break;
    fields.push(field);
    at = end + 1;
  }
  return { fields, rest: bytes.subarray(at), hasEnded };
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

/**
 * Makes an edit.
 *
 * @param own our own field, which may be among them
 */
export function edit(fields: string[], change: Edit, own?: string): void {
  switch (change.type) {
    case "append":
      fields.push(change.field);
      return;
    case "insert":
      fields.splice(change.place, 0, change.field);
      return;
    case "change": {
      const at = find(fields, change, own);
      if (at < 0) fields.push(change.field);
      else fields[at] = change.field;
      return;
    }
    case "removeAll": {
      const name = foldCase(change.name);
      let kept = 0;
      for (const field of fields) {
        if (field === own || nameOf(field) !== name) fields[kept++] = field;
      }
      fields.length = kept;
      return;
    }
    case "remove": {
      const at = find(fields, change, own);
      if (at >= 0) fields.splice(at, 1);
    }
  }
}

function find(
  fields: readonly string[],
  { name, which }: Edit & { readonly type: "change" | "remove" },
  own: string | undefined,
): number {
  const wanted = foldCase(name);
  const ours = own === undefined ? -1 : fields.indexOf(own);
  const found = fields.keys()
    .filter((i) => i !== ours && nameOf(fields[i]) === wanted).toArray();
  return found.at(which > 0 ? which - 1 : which) ?? -1;
}

/** What {@linkcode editedMessage} is told beside edits. */
export interface Editing {
  /** Our own field, if it is there. */
  readonly own?: string;
  /** In place of what comes after the header. */
  readonly body?: Read;
}

/** A message as edits leave it. */
export async function* editedMessage(
  read: Read,
  edits: readonly Edit[],
  { own, body }: Editing = {},
): AsyncGenerator<Chunk> {
  const source = read()[Symbol.asyncIterator]();
  try {
    const beginning = await beginningOf(source);
    const fields = [...beginning.fields];
    for (const each of edits) edit(fields, each, own);
    yield header(fields);
    if (body) {
      yield toBytes("\n");
      yield* body();
      return;
    }
    if (edits.length > 0 && lacksEmptyLine(beginning)) yield toBytes("\n");
    yield* after(beginning, source);
  } finally {
    await source.return?.();
  }
}

/** A message without a field of its header, if it has it. */
export async function* withoutField(
  read: Read,
  field: string,
): AsyncGenerator<Chunk> {
  const source = read()[Symbol.asyncIterator]();
  try {
    const beginning = await beginningOf(source);
    const at = beginning.fields.indexOf(field);
    yield header(beginning.fields.filter((_, i) => i !== at));
    yield* after(beginning, source);
  } finally {
    await source.return?.();
  }
}

/** What follows a header. */
async function* after(
  { rest }: Beginning,
  source: AsyncIterator<Chunk>,
): AsyncGenerator<Chunk> {
  yield rest;
  for (;;) {
    const next = await source.next();
    if (next.done) return;
    yield next.value;
  }
}

/** The body's first line could be read as one of the header's. */
const lacksEmptyLine = ({ rest, hasEnded }: Beginning) =>
  hasEnded && rest.length > 0 && rest[0] !== lineFeed;

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
