/**
 * Text that a person wrote into a file or an option, in whatever editor.
 *
 * @module
 */

/** A byte order mark as UTF-8, blanks, and line ends, DOS's too. */
const ends = /^(?:\xef\xbb\xbf|[ \t\r\n])+|[ \t\r\n]+$/g;

const longestShown = 60;

/** A piece of it without what an editor left at its ends. A byte string. */
export function trimmed(text: string): string {
  return text.replace(ends, "");
}

/** Its lines, each {@linkcode trimmed}; a byte string. */
export function writtenLines(text: string): string[] {
  return text.split("\n").map(trimmed);
}

/**
 * Why a byte string is no text at all; null if it may be one. Else each of its
 * lines would be complained about.
 */
export function textFault(text: string): string | null {
  if (/^(?:\xff\xfe|\xfe\xff)/.test(text)) {
    return "this is UTF-16: save it as UTF-8";
  }
  return text.includes("\0") ? "this is no text" : null;
}

/** A piece of it in quotes, for a message: one line of printable ASCII. */
export function shown(text: string): string {
  const cut = text.length > longestShown
    ? `${text.slice(0, longestShown)}...`
    : text;
  return `"${cut.replace(/[^ -~]/g, "?")}"`;
}
