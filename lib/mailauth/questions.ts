/**
 * What is asked about a message, in a form that reaches a helper, and what a
 * helper may call for: a DNS lookup, or the next piece of the message.
 *
 * @module
 */
import { fromBytes, toBytes } from "../base/bytes.ts";
import type { Question } from "../helper/question.ts";
import type { Lookup, RecordType, Resolver } from "../net/resolver.ts";
import { bounded, type Sender } from "./claims.ts";

/** A question in writing, as JSON. */
export interface Written {
  readonly check: "spf" | "results";
  readonly sender: Sender;
  /** Our host name. */
  readonly me: string;
}

/** RFC 7208 2.6 has the results. */
export interface SpfResult {
  /** `pass`, `fail`, `temperror` and so on. */
  readonly result: string;
  /** Whose record it was; as the client says it. */
  readonly domain: string;
  /** What went wrong of ours. */
  readonly failure: string | null;
}

/** What each check says, as a row of Authentication-Results. */
export interface Results {
  readonly rows: readonly string[];
  /** DMARC fails, and an author's domain wants such a message refused. */
  readonly isUnwanted: boolean;
  readonly failure: string | null;
}

/** When nothing is known. */
export const untold: Results = {
  rows: ["spf=temperror", "dkim=temperror", "dmarc=temperror"],
  isUnwanted: false,
  failure: null,
};

export type Message = AsyncIterable<Uint8Array<ArrayBuffer>>;

/** RFC 7208 4.6.4: at least 20 seconds for the whole evaluation. */
const evaluationSeconds = 20;
/** RFC 7208 4.6.4's limits let through about this many. */
const spfLookups = 150;
/** For one message: keys, policies of some authors, and what they include. */
const messageLookups = 500;
const pieceBytes = 65_536;

const types: ReadonlySet<string> = new Set<RecordType>(
  ["A", "AAAA", "CNAME", "MX", "PTR", "TXT"],
);

/** May this client send for the sender's domain? */
export function spfQuestion(
  sender: Sender,
  me: string,
  resolver: Resolver,
): Question<SpfResult> {
  return {
    client: sender.ip,
    bytes: encoded(
      { check: "spf", sender: bounded(sender), me } satisfies Written,
    ),
    seconds: evaluationSeconds,
    attempt() {
      const lookUp = lookups(resolver, spfLookups);
      return async (wanted) => encoded(await lookUp(decoded(wanted)));
    },
    read(bytes) {
      const { result, domain, failure } = record(decoded(bytes));
      return {
        result: text(result),
        domain: text(domain),
        failure: failure === null ? null : text(failure),
      };
    },
  };
}

/** Where is this message from? */
export function resultsQuestion(
  sender: Sender,
  message: () => Message,
  me: string,
  { resolver, seconds }: {
    readonly resolver: Resolver;
    readonly seconds: number;
  },
): Question<Results> & { close(): Promise<void> } {
  let reading: Pieces | null = null;
  /** Why the message could not be read: nobody else's fault. */
  let unread: unknown = null;
  return {
    client: sender.ip,
    bytes: encoded(
      { check: "results", sender: bounded(sender), me } satisfies Written,
    ),
    seconds,
    attempt() {
      const before = reading?.close();
      const lookUp = lookups(resolver, messageLookups);
      const pieces = reading = new Pieces(message, before);
      return async (wanted) => {
        if (wanted.length > 0) return encoded(await lookUp(decoded(wanted)));
        try {
          return await pieces.next();
        } catch (error) {
          unread = error;
          return new Uint8Array(0); // what is made of it is not believed
        }
      };
    },
    read(bytes) {
      if (unread !== null) return { ...untold, failure: `${unread}` };
      const { rows, isUnwanted, failure } = record(decoded(bytes));
      if (!Array.isArray(rows)) throw new TypeError("no rows");
      return {
        rows: rows.map(text),
        isUnwanted: isUnwanted === true,
        failure: failure === null ? null : text(failure),
      };
    },
    close: async () => await reading?.close(),
  };
}

/** A message, a piece at a time; no bytes are its end. */
class Pieces {
  #chunks: AsyncIterator<Uint8Array<ArrayBuffer>> | undefined;
  #rest = new Uint8Array(0);
  #turn: Promise<unknown>;
  #closed = false;

  /** @param before after which it begins to read */
  constructor(readonly message: () => Message, before?: Promise<void>) {
    this.#turn = before ?? Promise.resolve();
  }

  next(): Promise<Uint8Array<ArrayBuffer>> {
    const piece = this.#turn.then(() => this.#next());
    this.#turn = piece.catch(() => {}); // told to who asked for it
    return piece;
  }

  async #next(): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#rest.length === 0) {
      if (this.#closed) return this.#rest;
      this.#chunks ??= this.message()[Symbol.asyncIterator]();
      const { value, done } = await this.#chunks.next();
      if (done) return this.#rest;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, pieceBytes);
    this.#rest = this.#rest.subarray(pieceBytes);
    return piece;
  }

  /** Resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    await this.#chunks?.return?.();
  }
}

/** @param limit after which all fail: one message cannot ask for more */
function lookups(resolver: Resolver, limit: number) {
  let asked = 0;
  return async (wanted: unknown): Promise<Lookup> => {
    const { name, type } = record(wanted);
    if (typeof name !== "string" || !types.has(type as string)) {
      throw new TypeError("no lookup");
    }
    if (++asked > limit) return { type: "failed", reason: "too many lookups" };
    try {
      return await resolver(name, type as RecordType);
    } catch (error) {
      return { type: "failed", reason: String(error) };
    }
  };
}

/** Anything as JSON, in bytes. Characters past 255 are escaped. */
export function encoded(value: unknown): Uint8Array<ArrayBuffer> {
  return toBytes(
    JSON.stringify(value).replace(
      /[\u0100-\uffff]/g,
      (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  );
}

/** @throws SyntaxError */
export function decoded(bytes: Uint8Array): unknown {
  return JSON.parse(fromBytes(bytes));
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null) {
    return value as Record<string, unknown>;
  }
  throw new TypeError("no record");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError("no text");
}
