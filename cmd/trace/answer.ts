/**
 * From a request to what is printed.
 *
 * @module
 */
import { toBytes } from "../../lib/base/bytes.ts";
import { Fatal } from "../../lib/base/fatal.ts";
import { complain, Output } from "../../lib/cli/output.ts";
import { Progress } from "../../lib/cli/progress.ts";
import {
  fileSource,
  pipeSource,
  type Reading,
  type Source,
  spooled,
  UnreadableLog,
} from "../../lib/trace/blocks.ts";
import { type Query, wantsContext } from "../../lib/trace/query.ts";
import type { Record } from "../../lib/trace/record.ts";
import {
  colours,
  json,
  noColours,
  type Palette,
  sentence,
} from "../../lib/trace/story.ts";
import { type Notes, trace } from "../../lib/trace/trace.ts";

export interface TraceRequest {
  readonly query: Query;
  /** "-" is stdin. */
  readonly files: readonly string[];
  readonly format: "story" | "lines" | "json";
}

const stdin = "-", stdinPath = "/dev/stdin";

/** Answers a request. Throws Fatal. */
export async function answer(
  { query, files, format }: TraceRequest,
  calledAs: string,
): Promise<number> {
  try {
    const bar = new Bar(calledAs);
    const sources = await sourcesOf(files, query, bar);
    bar.start(sources, query);
    const notes: Notes = {
      span: { first: null, last: null },
      outOfTime: 0,
      isShort: false,
    };
    const render = renderer(format);
    const found = await print(trace(sources, query, notes), render, bar);
    bar.end();
    if (notes.isShort) {
      complain(`${calledAs}: many sessions: only the lines asked for are told`);
    }
    if (found === 0) {
      complain(`${calledAs}: ${whyNothing(query, sources, notes)}`);
    }
    for (const [log, why] of bar.cuts) {
      complain(`${calledAs}: unable to read the rest of ${log}: ${why}`);
    }
    return bar.cuts.size > 0 ? 111 : found > 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UnreadableLog)) throw error;
    throw new Fatal(111, `fatal: ${error.message}`, { cause: error });
  }
}

/** A bar for who waits, once it is known how much there is to read. */
class Bar implements Reading {
  #progress: Progress;

  constructor(readonly calledAs: string) {
    this.#progress = this.#made(null);
  }

  /** What is read twice counts twice. */
  start(sources: readonly Source[], query: Query): void {
    const sizes = sources.map(({ sizeBytes }) => sizeBytes);
    const isKnown = sizes.every((size) => size !== null);
    const times = wantsContext(query) ? 2 : 1;
    const sum = sizes.reduce((sum, size) => sum! + (size ?? 0), 0)!;
    this.#progress = this.#made(isKnown ? sum * times : null);
  }

  readonly passed = (bytes: number) => this.#progress.advance(bytes);

  /** Logs whose rest could not be read, and why. */
  readonly cuts = new Map<string, string>();

  readonly cut = (log: string, why: string) => void this.cuts.set(log, why);

  end(): void {
    this.#progress.end();
  }

  #made(total: number | null): Progress {
    const draw = (text: string) => {
      Deno.stderr.writeSync(toBytes(text));
    };
    const isSeen = Deno.stderr.isTerminal();
    return new Progress(this.calledAs, total, isSeen ? draw : null);
  }
}

/** Throws UnreadableLog. */
async function sourcesOf(
  files: readonly string[],
  query: Query,
  bar: Bar,
): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of files) {
    if (path !== stdin) sources.push(fileSource(path, bar));
    else sources.push(await stdinSource(query, bar));
  }
  return sources;
}

/** A pipe that has to be read twice is kept in a file. */
async function stdinSource(query: Query, bar: Bar): Promise<Source> {
  const name = "stdin";
  if (isFile(stdinPath)) return fileSource(stdinPath, bar, name);
  const pipe = pipeSource(Deno.stdin, name, bar);
  return wantsContext(query) ? await spooled(pipe, bar) : pipe;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // there is no /proc: it is read as a pipe is
  }
}

type Render = (record: Record) => string;

function renderer(format: TraceRequest["format"]): Render {
  switch (format) {
    case "story": {
      const palette: Palette = wantsColours() ? colours : noColours;
      return (record) => sentence(record, palette);
    }
    case "lines":
      return ({ line }) => line;
    case "json":
      return json;
  }
}

/** no-color.org. */
const wantsColours = () =>
  Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");

/** Prints all there is, as it comes. @returns how many records there were */
async function print(
  records: AsyncIterable<Record>,
  render: Render,
  bar: Bar,
): Promise<number> {
  const output = new Output();
  const isTerminal = Deno.stdout.isTerminal();
  let count = 0;
  for await (const record of records) {
    count++;
    if (isTerminal) bar.end(); // else the bar stands in front of the line
    output.write(toBytes(`${render(record)}\n`));
    if (isTerminal) output.flush();
    if (output.isGone) break;
  }
  output.flush();
  return count;
}

/** For who has found nothing: where was looked, and what there was. */
function whyNothing(
  query: Query,
  sources: readonly Source[],
  { span, outOfTime }: Notes,
): string {
  const where = sources.length === 1
    ? sources[0].name
    : `${sources.length} logs`;
  if (span.first === null) {
    return `there is no line of a mail log in ${where}: ` +
      "postern serve writes one with -v or --mail-log, see postern-log(5)";
  }
  const asked = [query.id, query.from, query.to, query.user, query.client]
    .filter((each) => each !== null).join(", ");
  const what = asked === "" ? "nothing of that time" : `nothing about ${asked}`;
  if (outOfTime > 0) {
    const lines = outOfTime === 1 ? "1 line is" : `${outOfTime} lines are`;
    return `${what} of that time in ${where}, but ${lines} of another time`
      .replace("of that time of that time", "of that time");
  }
  return `${what} in ${where}, which has lines from ${span.first} to ` +
    `${span.last ?? span.first}`;
}
