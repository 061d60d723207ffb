/**
 * Times and strangers' names as the status page and `postern top` say them.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";

const units = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

/** A length of time in the largest unit that it has: `3 min`. */
export function ago(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [length, unit] = units.find(([length]) => seconds >= length) ??
    [1, "s"];
  return `${Math.floor(seconds / length)} ${unit}`;
}

/** A time of day or, when it was another day, the day too; UTC. */
export const clock = (time: number): string =>
  new Date(time).toISOString().slice(0, 19).replace("T", " ");

const nameLimit = 100;
const utf8 = new TextDecoder();

/**
 * A stranger's byte string as text that stays on its line: controls, and what
 * turns the direction of writing, become `?`; long ones are cut.
 */
export function shownName(bytes: string): string {
  // Most are so, and a page has hundreds.
  if (bytes.length <= nameLimit && /^[ -~]*$/.test(bytes)) return bytes;
  const text = utf8.decode(toBytes(bytes))
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, "?");
  if (text.length <= nameLimit) return text;
  return `${[...text].slice(0, nameLimit).join("")}…`;
}
