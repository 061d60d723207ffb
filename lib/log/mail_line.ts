/**
 * Lines of the mail log: an event as `key=value` text, or as one JSON object
 * with the same names.
 *
 * @module
 */
import type { GateEvent } from "../base/events.ts";
import { LineBytes } from "./field_text.ts";
import { type Fields, tellFields } from "./mail_facts.ts";

/** So that a line stays below what a pipe takes whole (PIPE_BUF, pipe(7)). */
const wordLimit = 400, itemLimit = 300, listLimit = 1000, textLimit = 520;

/** Fields as text, each with a blank before it. */
class TextFields implements Fields {
  readonly line = new LineBytes();

  #key(key: string): void {
    this.line.raw(" ");
    this.line.raw(key);
    this.line.raw("=");
  }

  word(key: string, value: string | null): void {
    if (value === null) return;
    this.#key(key);
    this.line.word(value, wordLimit);
  }

  number(key: string, value: number | null): void {
    if (value === null) return;
    this.#key(key);
    this.line.raw(String(value));
  }

  list(key: string, values: readonly string[]): void {
    const { line } = this;
    this.#key(key);
    const start = line.length;
    for (const [i, value] of values.entries()) {
      const before = line.length;
      if (i > 0) line.raw(",");
      line.item(value, itemLimit);
      if (line.length - start > listLimit) return line.cutTo(before);
    }
  }

  text(key: string, value: string): void {
    this.#key(key);
    this.line.text(value, textLimit);
  }
}

/** The same, each as a member of an object, with a comma before it. */
class JsonFields implements Fields {
  line = "";

  word(key: string, value: string | null): void {
    if (value !== null) this.line += `,"${key}":${quoted(value, wordLimit)}`;
  }

  number(key: string, value: number | null): void {
    if (value !== null) this.line += `,"${key}":${value}`;
  }

  list(key: string, values: readonly string[]): void {
    const list: string[] = [];
    let length = 0;
    for (const value of values) {
      const next = quoted(value, itemLimit);
      length += next.length;
      if (length > listLimit) break;
      list.push(next);
    }
    this.line += `,"${key}":[${list.join()}]`;
  }

  text(key: string, value: string): void {
    this.line += `,"${key}":${quoted(value, textLimit)}`;
  }
}

/** In ASCII alone: what carries it need not know UTF-8. */
function quoted(value: string, most: number): string {
  const kept = value.length <= most ? value : value.slice(0, most - 3) + "...";
  return JSON.stringify(kept).replace(
    /[\x7f-\uffff]/g,
    (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

const asText = new TextFields(), asJson = new JsonFields();

/** Several lines of one moment have one stamp, which takes its time to make. */
let stampMs = -1, stamp = "";

function stampOf(timeMs: number): string {
  if (timeMs !== stampMs) {
    stampMs = timeMs;
    stamp = new Date(timeMs).toISOString();
  }
  return stamp;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** The bytes of a line are there until the next. */
export type LineOf = (event: GateEvent, timeMs: number) => Uint8Array | null;

/** The line of an event; null for what is not in the mail log. */
export const textLineOf: LineOf = (event, timeMs) => {
  const { line } = asText;
  line.clear();
  line.raw(stampOf(timeMs));
  line.raw(" ");
  line.raw(event.type);
  return tellFields(event, asText) ? line.bytes : null;
};

/** The same as JSON. */
export const jsonLineOf: LineOf = (event, timeMs) => {
  asJson.line = `{"time":"${stampOf(timeMs)}","event":"${event.type}"`;
  return tellFields(event, asJson) ? encoder.encode(`${asJson.line}}`) : null;
};

/** A line as a string. */
export const lineText = (line: Uint8Array): string => decoder.decode(line);

/** What stands where lines were lost, as a line of its own. */
export const textLost = (count: number, timeMs: number): string =>
  `${stampOf(timeMs)} log.lost lines=${count}`;

export const jsonLost = (count: number, timeMs: number): string =>
  `{"time":"${stampOf(timeMs)}","event":"log.lost","lines":${count}}`;
