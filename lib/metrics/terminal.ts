/**
 * A gate's facts as lines for a terminal.
 *
 * @module
 */
import {
  type AskedFacts,
  type Facts,
  type Period,
  periodMs,
  type Refusal,
  type SessionFacts,
} from "./facts.ts";
import { ago, shownName } from "./words.ts";

/** How lines are adorned: each takes a text and gives it back. */
export interface Colours {
  strong(text: string): string;
  faint(text: string): string;
  alarm(text: string): string;
}

const none = (text: string) => text;
export const plain: Colours = { strong: none, faint: none, alarm: none };

const adorned = (code: number) => (text: string) =>
  `\x1b[${code}m${text}\x1b[0m`;
export const coloured: Colours = {
  strong: adorned(1),
  faint: adorned(2),
  alarm: adorned(31),
};

const bars = " ▁▂▃▄▅▆▇█";
const refusalsShown = 8;
const askedShown = 8;
const fieldWidth = 24;

/** @param size how many lines there may be, and how long */
export function screen(
  facts: Facts,
  size: { readonly rows: number; readonly columns: number },
  { strong, faint, alarm }: Colours,
): string[] {
  const { active, limit, levels, now } = facts;
  const all = [{ what: "connections", now: active, most: limit }, ...levels];
  const counts = all.map(({ what, now, most }) => {
    const text = `${shownName(what)} ${now} of ${most}`;
    return now >= 0.8 * most ? alarm(text) : text;
  });
  const refusals = facts.refusals.slice(0, refusalsShown);
  const head = [
    strong(`postern, up for ${ago(now - facts.startedAt)}`),
    counts.join(", "),
    "",
    ...sparks(facts.periods, now, size.columns),
    "",
    strong(`connected now: ${active}`),
  ];
  const asked = facts.asked.slice(0, askedShown);
  const foot = [
    ...(asked.length === 0 ? [] : ["", strong("who is asked")]),
    ...asked.map(askedLine),
    ...(refusals.length === 0 ? [] : ["", strong("refused lately")]),
    ...refusals.map((each) => refusalLine(each, now)),
  ];
  const room = Math.max(1, size.rows - head.length - foot.length - 1);
  const shown = facts.sessions.slice(0, room);
  const more = active - shown.length;
  return [
    ...head,
    ...shown.map((each) => sessionLine(each, now)),
    ...(more > 0 ? [faint(`and ${more} more`)] : []),
    ...foot,
  ].map((line) => cut(line, size.columns));
}

function sparks(
  periods: readonly Period[],
  now: number,
  columns: number,
): string[] {
  const last = Math.floor(now / periodMs);
  const byIndex = new Map(periods.map((each) => [each.index, each]));
  const length = Math.max(10, Math.min(90, columns - fieldWidth));
  return (["connections", "stored", "refused"] as const).map((key) => {
    const values = Array.from(
      { length },
      (_, i) => byIndex.get(last - length + 1 + i)?.[key] ?? 0,
    );
    const most = Math.max(1, ...values);
    const line = values.map((value) =>
      bars[Math.ceil(value / most * (bars.length - 1))]
    ).join("");
    const total = values.reduce((sum, value) => sum + value, 0);
    return `${key.padEnd(12)}${String(total).padStart(7)} ${line}`;
  });
}

function sessionLine(
  { ip, host, helo, since, doing }: SessionFacts,
  now: number,
): string {
  const name = helo ?? host;
  return [
    shownName(ip).padEnd(fieldWidth),
    ago(now - since).padEnd(8),
    cut(name === null ? "" : shownName(name), fieldWidth).padEnd(fieldWidth),
    shownName(doing),
  ].join(" ");
}

const askedLine = (
  { name, asked, minded, totalMs, longestMs }: AskedFacts,
): string =>
  [
    cut(shownName(name), 2 * fieldWidth).padEnd(2 * fieldWidth),
    `asked ${asked}, minded ${minded},`,
    `${(totalMs / asked).toFixed(1)} ms, at most ${longestMs.toFixed(1)} ms`,
  ].join(" ");

const refusalLine = ({ time, ip, what, why }: Refusal, now: number): string =>
  [
    `${ago(now - time)} ago`.padEnd(12),
    shownName(ip).padEnd(fieldWidth),
    shownName(what).padEnd(10),
    shownName(why),
  ].join(" ");

/** Sequences that adorn take no room. */
function cut(line: string, columns: number): string {
  // deno-lint-ignore no-control-regex
  const shown = line.replace(/\x1b\[\d+m/g, "");
  if ([...shown].length <= columns) return line;
  return [...shown].slice(0, columns).join("");
}
