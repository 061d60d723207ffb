/**
 * A line of a mail log as it is met in files: text or JSON, with whatever
 * syslog, journalctl, multilog or splogger has put in front of it. Pure.
 *
 * @module
 */
import { readLine } from "../log/field_text.ts";
import { listFields, verbs } from "../log/mail_facts.ts";

type Value = string | readonly string[];

/** What a line tells. */
export interface Record {
  readonly timeMs: number;
  /** As it was written. */
  readonly time: string;
  readonly verb: string;
  readonly fields: ReadonlyMap<string, Value>;
  /** The line without what others have put in front of it. */
  readonly line: string;
}

const isoTime = String
  .raw`\d{4}-\d\d-\d\d[T_ ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?`;

/**
 * What may stand in front of a line, in pieces. No other text may: what a
 * stranger has said to another program is no line of ours.
 */
const pieces = [
  String.raw`<\d{1,3}>(?:1 )?`, // a priority, as on the wire
  String.raw`@[\da-f]{24} `, // multilog
  String.raw`\[?${isoTime}\]? `, // svlogd, rsyslog, journalctl -o short-iso
  String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? `, // syslog
  String.raw`[\w.:-]+ [^\s:="\[\]]+(?:\[\d+\])?: `, // a host and a tag
  String.raw`[\w.:-]+ \S+ \S+ - - `, // the same in RFC 5424
  String.raw`[\w.-]+(?:\[\d+\])?: `, // a tag
  String.raw`\d{9,}\.\d{6} `, // splogger
  String.raw`[\w.-]+ +\| `, // docker compose
];

const verb = `(?:${verbs.join("|").replaceAll(".", String.raw`\.`)})`;
const ownTime = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

const found = new RegExp(
  String.raw`^(?:${pieces.join("|")}){0,6}?(${ownTime} ${verb}(?: .*)?$` +
    String.raw`|\{"time":".*\}$)`,
);

/** A line that is one of a mail log; null for any other. */
export function recordOf(line: string): Record | null {
  const own = found.exec(line)?.[1];
  if (own === undefined) return null;
  return own[0] === "{" ? ofJson(own) : ofText(own);
}

function ofText(line: string): Record | null {
  const read = readLine(line, listFields);
  if (read === null) return null;
  const { time, verb, fields } = read;
  return { timeMs: Date.parse(time), time, verb, fields, line };
}

function ofJson(line: string): Record | null {
  let parsed: { readonly [key: string]: unknown };
  try {
    parsed = JSON.parse(line);
  } catch {
    return null; // it was cut, or looked like one
  }
  const { time, event, ...others } = parsed;
  if (typeof time !== "string" || typeof event !== "string") return null;
  if (!(verbs as readonly string[]).includes(event)) return null;
  const timeMs = Date.parse(time);
  if (Number.isNaN(timeMs)) return null;
  const fields = new Map(
    Object.entries(others).map(([key, value]) => [key, valueOf(value)]),
  );
  return { timeMs, time, verb: event, fields, line };
}

const valueOf = (value: unknown): Value =>
  Array.isArray(value) ? value.map(String) : String(value);

/** What a field says; several values with commas, "" for none. */
export function text({ fields }: Record, key: string): string {
  const value = fields.get(key);
  return typeof value === "string" ? value : value?.join(", ") ?? "";
}

/** The same of a field that may have several. */
export function values({ fields }: Record, key: string): readonly string[] {
  const value = fields.get(key);
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}
