/**
 * What is asked of a mail log, and which lines answer. Pure.
 *
 * @module
 */
import { Subnets } from "../base/ip.ts";
import { item, word } from "../log/field_text.ts";
import { nullPath } from "../log/mail_facts.ts";
import { type Record, text, values } from "./record.ts";

/** All of it has to be true; null for what was not asked. */
export interface Query {
  /** Of a message or a session, or the target's own for a message. */
  readonly id: string | null;
  /** An address, or `@domain`. */
  readonly from: string | null;
  readonly to: string | null;
  readonly user: string | null;
  /** An address, a range of addresses or a name. */
  readonly client: string | null;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Whether a record answers, but for its time. */
export type Matcher = (record: Record) => boolean;

/** How an id of ours looks: a session's, and one more part for a message. */
const ourId = /^([2-9bcdfghjkmnp-tv-xz]{12}-[\da-z]+)(?:-[\da-z]+)?$/;

export const isOurId = (text: string): boolean => ourId.test(text);

/** Whether other lines of the same sessions belong to the story. */
export const wantsContext = ({ from, to, user }: Query): boolean =>
  from !== null || to !== null || user !== null;

export function matcherOf(query: Query): Matcher {
  const matchers: Matcher[] = [];
  const { id, from, to, user, client } = query;
  if (id !== null) matchers.push(idMatcher(id));
  if (from !== null) {
    const matches = addressMatcher(from);
    matchers.push((record) => matches(text(record, "from")));
  }
  if (to !== null) {
    const matches = addressMatcher(to);
    matchers.push((record) => values(record, "to").some(matches));
  }
  if (user !== null) {
    const wanted = user.toLowerCase();
    matchers.push((record) => text(record, "user").toLowerCase() === wanted);
  }
  if (client !== null) matchers.push(clientMatcher(client));
  return (record) => matchers.every((matches) => matches(record));
}

/** A message's own lines, and those of its session that are no message's. */
function idMatcher(id: string): Matcher {
  const session = ourId.exec(id)?.[1];
  return (record) => {
    const of = text(record, "id");
    if (of === id || text(record, "queued") === id) return true;
    if (session === undefined || text(record, "session") !== session) {
      return false;
    }
    return of === "" || id === session;
  };
}

/** Letters of either case; `@domain` is all of a domain. */
function addressMatcher(wanted: string): (address: string) => boolean {
  const folded = (wanted === "" ? nullPath : wanted).toLowerCase();
  return folded.startsWith("@")
    ? (address) => address.toLowerCase().endsWith(folded)
    : (address) => address.toLowerCase() === folded;
}

function clientMatcher(client: string): Matcher {
  const subnets = subnetsOf(client);
  if (subnets !== null) {
    return (record) => {
      try {
        return subnets.has(text(record, "client"));
      } catch {
        return false; // `unknown`, where nobody said whose a connection is
      }
    };
  }
  const name = client.toLowerCase();
  return (record) => text(record, "name").toLowerCase() === name;
}

function subnetsOf(client: string): Subnets | null {
  try {
    return new Subnets([client]);
  } catch {
    return null; // it is a name
  }
}

/**
 * A pattern that each line that may answer has in it, to find them without
 * looking at each line.
 */
export function patternOf(
  { id, from, to, user, client }: Query,
): RegExp {
  if (id !== null) return anyOf([ourId.exec(id)?.[1] ?? id]);
  const address = from ?? to;
  if (address !== null) return anyOf([address === "" ? nullPath : address]);
  if (user !== null) return anyOf([user]);
  if (client === null) return ofEachLine;
  if (client.includes("/")) return /client[="]/g;
  // An IPv6 address has many spellings, and one in a log.
  return client.includes(":") ? /client[="]/g : anyOf([client]);
}

/** In the middle of a line's beginning, text or JSON. */
const ofEachLine = /\d\dZ [a-z]+\.[a-z]+|"event":"/g;

/** A text, in each way in which a line may have it. */
function anyOf(texts: readonly string[]): RegExp {
  const ways = texts.flatMap((text) => [
    word(text, Infinity),
    item(text, Infinity),
    JSON.stringify(text).slice(1, -1).replace(
      /[\x7f-\xff]/g,
      (c) => `\\u00${c.charCodeAt(0).toString(16)}`,
    ),
  ]);
  const literal = (text: string) => text.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  return new RegExp([...new Set(ways)].map(literal).join("|"), "gi");
}
