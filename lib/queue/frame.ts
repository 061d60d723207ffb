/**
 * A message as it lies in the shared queue: its envelope and its history in
 * front of its text. They are in the body, because a broker's headers end at
 * 64 kB, and a message may have more recipients than that. Pure.
 *
 *     PQ1\n, the length of what follows in 4 bytes, a JSON object, the text
 *
 * @module
 */
import { concat } from "../base/bytes.ts";

/** What was said of a recipient when it was last tried. */
export interface Trouble {
  /** As of SMTP. */
  readonly code: number;
  /** As in RFC 3463; empty if there was none. */
  readonly enhanced: string;
  readonly text: string;
}

/** Who handed the message in; byte strings. */
export interface QueuedClient {
  readonly ip: string;
  readonly host: string | null;
  readonly helo: string | null;
  readonly user: string | null;
  readonly protocol: string;
}

/** All that is known of a message but its text. Addresses are byte strings. */
export interface Queued {
  /** As in its Received field. */
  readonly id: string;
  /** Empty for the null sender. */
  readonly sender: string;
  /** Those that have not got it yet. */
  readonly recipients: readonly string[];
  /** The text is bytes of any kind, with CRLF line ends where it has lines. */
  readonly binary: boolean;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  readonly client: QueuedClient;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it is to be tried next, in milliseconds since 1970; 0: at once. */
  readonly due: number;
  /** By recipient; of those that have failed so far. */
  readonly troubles: Readonly<Record<string, Trouble>>;
  /** A drain tells the sender of another message what became of it. */
  readonly isReport?: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

const mark = new TextEncoder().encode("PQ1\n");
const headBytes = mark.length + 4;
/** Ten thousand recipients have room, each with its trouble. */
const factsBytesLimit = 32 << 20;
/** The end of the year 9999: no date is written after it (RFC 3339). */
const lastMs = 253_402_300_799_999;

/** A message in one piece. */
export const framed = (facts: Queued, text: Bytes): Bytes =>
  concat([frameHead(facts), text]);

/** What comes before the text. */
export function frameHead(facts: Queued): Bytes {
  const json = new TextEncoder().encode(JSON.stringify(facts));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, json.length);
  return concat([mark, length, json]);
}

/** @throws Error that says why it is no message of ours */
export function unframed(bytes: Bytes): { facts: Queued; text: Bytes } {
  if (mark.some((each, i) => bytes[i] !== each) || bytes.length < headBytes) {
    throw new Error("it does not begin as a message of postern's");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, headBytes);
  const end = headBytes + view.getUint32(mark.length);
  if (end > bytes.length || end - headBytes > factsBytesLimit) {
    throw new Error("its envelope is not whole");
  }
  const json = new TextDecoder("utf-8", { fatal: true })
    .decode(bytes.subarray(headBytes, end));
  return { facts: queuedIn(JSON.parse(json)), text: bytes.subarray(end) };
}

type Json = Readonly<Record<string, unknown>>;

function queuedIn(value: unknown): Queued {
  const facts = object(value, "envelope");
  const { recipients, binary, client, troubles } = facts;
  const who = object(client, "client");
  if (!Array.isArray(recipients) || recipients.length === 0) {
    throw new Error("its envelope has no recipients");
  }
  return {
    id: word(facts, "id"),
    sender: word(facts, "sender"),
    recipients: recipients.map((each) => word({ each }, "each")),
    binary: binary === true,
    acceptedAt: count(facts, "acceptedAt", lastMs),
    client: {
      ip: word(who, "ip"),
      host: wordOrNull(who, "host"),
      helo: wordOrNull(who, "helo"),
      user: wordOrNull(who, "user"),
      protocol: word(who, "protocol"),
    },
    attempts: count(facts, "attempts"),
    due: count(facts, "due", lastMs),
    troubles: Object.fromEntries(
      Object.entries(object(troubles, "troubles")).map((
        [recipient, each],
      ) => [recipient, troubleIn(object(each, "trouble"))]),
    ),
    ...(facts.isReport === true && { isReport: true }),
  };
}

const troubleIn = (trouble: Json): Trouble => ({
  code: count(trouble, "code"),
  enhanced: word(trouble, "enhanced"),
  text: word(trouble, "text"),
});

function object(value: unknown, name: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Json;
  }
  throw new Error(`its ${name} is no object`);
}

/** A byte string in which no control can end a line, or a string in C. */
function word(from: Json, name: string): string {
  const value = from[name];
  if (typeof value === "string" && !/[^ -\xff]|\x7f/.test(value)) return value;
  throw new Error(`its ${name} is no text`);
}

const wordOrNull = (from: Json, name: string) =>
  from[name] === null ? null : word(from, name);

function count(
  from: Json,
  name: string,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = from[name] as number;
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw new Error(`its ${name} is no number`);
}
