/**
 * A message as the checks of signatures get it: lines ended by CRLF, and
 * bounded in all that makes those checks slow.
 *
 * @module
 */
import { concat, fromBytes, toBytes } from "../base/bytes.ts";

/** Room for more trace and signatures than honest mail has. */
const headBytesLimit = 262_144;
const fieldsLimit = 1000;
/** mailauth takes time by the square of the number of lines, */
const linesLimit = 1500;
/** of the blanks before a colon, */
const fieldStart = /^[!-9;-~]{1,76}[ \t]{0,8}:/;
/** and in these fields of their length and of blanks in a row. */
const parsedFields =
  /^(?:from|return-path|content-type|arc-[!-9;-~]*|dkim-signature)[ \t]*:/i;
const parsedBytesLimit = 8192;
const blankRun = /[ \t\r\n]{200}/;
/** Each is looked up. */
const signaturesLimit = 10;
/** Each way to hash the body costs as much as all the rest. */
const waysLimit = 5;
/** What a step of the checks takes at once. */
const pieceBytes = 16_384;

const LF = 10;

/** The head is too long, or has what is no field, to be checked. */
export class Uncheckable extends Error {
  override message = "the header section is too long or malformed";

  /** @param head a byte string */
  constructor(readonly head: string) {
    super();
  }

  /** What could be a domain in its From fields; each once, byte strings. */
  get authorDomains(): string[] {
    const found = this.head.split(/\n(?![ \t])/)
      .filter((field) => /^from[ \t]*:/i.test(field))
      .flatMap((field) => [...field.matchAll(/@([^\s<>(),;:"\\@[\]]+)/g)])
      .map(([, domain]) => domain.toLowerCase());
    return [...new Set(found)];
  }
}

/**
 * The message with CRLF. Signatures past the tenth, those slow to check, and
 * those of a sixth way to hash the body are left out, so they are not checked.
 * Only the head is held.
 *
 * @param chunks lines ended by LF
 * @throws Uncheckable
 */
export async function* checkedMessage(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of bounded(chunks)) {
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      yield chunk.subarray(at, at + pieceBytes);
    }
  }
}

async function* bounded(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let head: Uint8Array<ArrayBuffer> | null = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (head === null) {
      yield withCrlf(chunk);
      continue;
    }
    head = concat([head, chunk]);
    const end = headEnd(head);
    if ((end === -1 ? head.length : end) > headBytesLimit) {
      throw new Uncheckable(fromBytes(head.subarray(0, headBytesLimit)));
    }
    if (end === -1) continue;
    yield withCrlf(toBytes(checkedHead(fromBytes(head.subarray(0, end)))));
    yield withCrlf(head.subarray(end));
    head = null;
  }
  if (head) yield withCrlf(toBytes(checkedHead(fromBytes(head))));
}

/** Where the empty line is that ends the head; -1 if there is none yet. */
function headEnd(bytes: Uint8Array): number {
  if (bytes[0] === LF) return 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 1;
  }
  return -1;
}

function checkedHead(head: string): string {
  const fields = head.split(/\n(?![ \t])/);
  if (fields.length > fieldsLimit) throw new Uncheckable(head);
  if (head.split("\n").length > linesLimit) throw new Uncheckable(head);
  let signatures = 0;
  const ways = new Set<string>();
  return fields.filter((field) => {
    if (field === "") return true; // after the last line end
    if (!fieldStart.test(field)) throw new Uncheckable(head);
    if (!parsedFields.test(field)) return true;
    const slow = field.length > parsedBytesLimit || blankRun.test(field);
    if (!/^dkim-signature[ \t]*:/i.test(field)) {
      if (slow) throw new Uncheckable(head);
      return true;
    }
    if (slow) return false;
    const way = hashingWay(field);
    if (!ways.has(way) && ways.size === waysLimit) return false;
    ways.add(way);
    return ++signatures <= signaturesLimit;
  }).join("\n");
}

/** Its tags a=, c= and l= (RFC 6376 3.5), each as often as it comes. */
function hashingWay(signature: string): string {
  const tags = signature.slice(signature.indexOf(":") + 1)
    .replace(/\s+/g, "").toLowerCase().split(";");
  return tags.filter((tag) => /^[acl]=/.test(tag)).join(";");
}

export function withCrlf(
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  let count = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    count++;
  }
  const out = new Uint8Array(bytes.length + count);
  let to = 0;
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(LF, from);
    const line = bytes.subarray(from, end === -1 ? bytes.length : end);
    out.set(line, to);
    to += line.length;
    from += line.length;
    if (end === -1) break;
    out[to++] = 13;
    out[to++] = LF;
    from++;
  }
  return out;
}
