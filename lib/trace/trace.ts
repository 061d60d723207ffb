/**
 * Answers to a query, from several logs.
 *
 * @module
 */
import type { Source } from "./blocks.ts";
import { merged } from "./merge.ts";
import { matcherOf, patternOf, type Query, wantsContext } from "./query.ts";
import { type Record, text } from "./record.ts";
import { search, type Span, type Wanted } from "./search.ts";

/** Of more sessions than this only what was asked for is told. */
const mostSessions = 100_000;

/** What there is to say beside the answer. */
export interface Notes {
  readonly span: Span;
  /** Lines that would be an answer, had they come at another time. */
  outOfTime: number;
  /** There were too many sessions to tell all of each. */
  isShort: boolean;
}

/** What was found of the messages that a query is about. */
interface Found {
  readonly sessions: Set<string>;
  readonly ids: Set<string>;
}

/**
 * The records that answer, in the order of their times; with those of their
 * sessions that belong to the story. For that the sources are read twice.
 */
export async function* trace(
  sources: readonly Source[],
  query: Query,
  notes: Notes,
): AsyncGenerator<Record> {
  const matches = matcherOf(query);
  const wanted: Wanted = {
    pattern: patternOf(query),
    takes: (record) => matches(record) && isInTime(record, query, notes),
  };
  const found = wantsContext(query)
    ? await sessionsOf(sources, wanted, notes)
    : null;
  if (found === null) return yield* all(sources, wanted, notes);
  if (found.sessions.size === 0) return;
  yield* all(sources, {
    pattern: anySession,
    mayTake: (session) => found.sessions.has(session),
    takes: (record) => belongs(record, found) && record.timeMs <= query.untilMs,
  }, notes);
}

const all = (sources: readonly Source[], wanted: Wanted, { span }: Notes) =>
  merged(sources.map((source) =>
    search(
      source.blocks(),
      // A pattern holds where it was last, so each search has its own.
      { ...wanted, pattern: new RegExp(wanted.pattern) },
      span,
    )
  ));

const anySession = /[ "]session(?:=|":")([^ "]*)/g;

/** A line of a message that was asked for, or of its session and no message's. */
function belongs(record: Record, { sessions, ids }: Found): boolean {
  if (!sessions.has(text(record, "session"))) return false;
  const id = text(record, "id");
  return id === "" || ids.has(id);
}

function isInTime(record: Record, query: Query, notes: Notes): boolean {
  const { timeMs } = record;
  if (timeMs >= query.sinceMs && timeMs <= query.untilMs) return true;
  notes.outOfTime++;
  return false;
}

/** null if there are too many. */
async function sessionsOf(
  sources: readonly Source[],
  wanted: Wanted,
  notes: Notes,
): Promise<Found | null> {
  const sessions = new Set<string>(), ids = new Set<string>();
  for (const source of sources) {
    for await (const records of search(source.blocks(), wanted, notes.span)) {
      for (const record of records) {
        sessions.add(text(record, "session"));
        ids.add(text(record, "id"));
      }
      if (sessions.size <= mostSessions) continue;
      notes.isShort = true;
      return null;
    }
  }
  return { sessions, ids };
}
