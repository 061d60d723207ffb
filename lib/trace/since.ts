/**
 * A moment as people say it: `2h`, `yesterday`, `2026-11-25T08:00`. Pure.
 *
 * @module
 */

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** In the words of a complaint. */
export const moments = "a date, a time, 2h, 3d, today or yesterday";

/**
 * In milliseconds since 1970; null if it is no moment. Without a time zone it
 * is local time.
 */
export function momentOf(text: string, nowMs: number): number | null {
  const ago = /^(\d{1,9})([smhdw])(?: ?ago)?$/.exec(text);
  if (ago) return nowMs - Number(ago[1]) * unitMs[ago[2]];
  if (text === "now") return nowMs;
  if (text === "today") return midnight(nowMs, 0);
  if (text === "yesterday") return midnight(nowMs, 1);
  const said =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/
      .exec(text);
  if (said === null) return null;
  const [, day, time = "00:00", zone = ""] = said;
  const moment = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(moment) ? null : moment;
}

/** The local midnight that begins a day. */
function midnight(nowMs: number, daysAgo: number): number {
  const day = new Date(nowMs);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - daysAgo);
  return day.getTime();
}
