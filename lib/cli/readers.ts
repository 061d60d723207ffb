/**
 * Readers that several options share: from text to value.
 *
 * @module
 */
import { bytesOf } from "../base/bytes.ts";
import { ValueError } from "./option.ts";

type Reader<T> = (text: string, classic: boolean) => T;

/** Any text. */
export const text: Reader<string> = (text) => text;

/** A text as a byte string: an argument has been decoded as UTF-8. */
export const bytes: Reader<string> = (text) => bytesOf(text);

/** A path; an empty one is an unset variable of a script. */
export const path: Reader<string> = (text, classic) => {
  if (text !== "" || classic) return text;
  throw new ValueError("a path");
};

/** A whole number. */
export function number(least = 0, most = 1e15 - 1): Reader<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    if (value > most) throw new ValueError(`a number up to ${most}`);
    if (least === 0) throw new ValueError("a number");
    throw new ValueError(
      least === 1 ? "a number above 0" : `a number from ${least} on`,
    );
  };
}

/** djb's numbers: the leading decimal digits; none is 0. */
export const leadingDigits = (text: string): number =>
  Number(/^\d*/.exec(text)![0] || 0);

/** A number, which under a classic name is what 1996 makes of any text. */
export function classicNumber(reader: Reader<number>): Reader<number> {
  return (text, classic) =>
    classic ? leadingDigits(text) : reader(text, classic);
}

/** `a, b or c`. */
export const oneOfWords = (words: readonly string[]): string =>
  words.join(", ").replace(/, ([^,]*)$/, " or $1");

/** One of a few words. */
export function word<W extends string>(words: readonly W[]): Reader<W> {
  return (text) => {
    const found = words.find((each) => each === text);
    if (found !== undefined) return found;
    throw new ValueError(oneOfWords(words));
  };
}
