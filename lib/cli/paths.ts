/**
 * Paths in options, made independent of the folder they were written in.
 *
 * @module
 */
import { absolutePath } from "../base/path.ts";
import { path as anyPath } from "./readers.ts";
import type { Spelling } from "./option.ts";
import type { Given } from "./scan.ts";

/** The value of an option with its paths named from / on. */
export function absoluteText(
  text: string,
  { read, fromFolder }: Spelling,
  folder: string,
): string {
  if (fromFolder !== undefined) return fromFolder(text, folder);
  return read === anyPath ? absolutePath(text, folder) : text;
}

/**
 * A command line whose options name their files from / on.
 *
 * @param given what was found in it
 */
export function absoluteWords(
  args: readonly string[],
  given: readonly Given[],
  spellings: readonly Spelling[],
  folder: string,
): string[] {
  const words = [...args];
  for (const { long, text, words: [, to] = [0, 0] } of given) {
    const spelling = spellings.find((each) => each.long === long);
    if (spelling?.value === undefined || to === 0) continue;
    const absolute = absoluteText(text, spelling, folder);
    // The value is the end of its last word, or all of it.
    const word = words[to - 1];
    words[to - 1] = word.slice(0, word.length - text.length) + absolute;
  }
  return words;
}
