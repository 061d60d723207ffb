/**
 * Words as systemd's units have them, which are not the shell's: `%` and `$`
 * mean something within quotes too (systemd.syntax(7), systemd.service(5)).
 *
 * @module
 */

// deno-lint-ignore no-control-regex
const control = /[\0-\x1f\x7f]/g;

/** One word of ExecStart=, whatever is in it. */
export function commandWord(word: string): string {
  const text = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  if (/^[\w@%$+=:,.\/-]+$/.test(text)) return text;
  const quoted = text.replaceAll(/[\\"]/g, "\\$&").replaceAll(
    control,
    (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${quoted}"`;
}

/** One of a list of paths, where `$` stands for itself. */
export function pathWord(path: string): string {
  const text = path.replaceAll("%", "%%");
  if (/^[\w@%$+=:,.\/-]+$/.test(text)) return text;
  return `"${text.replaceAll(/[\\"]/g, "\\$&")}"`;
}

/** Whether a path can stand in such a list: its escapes know no newline. */
export const isPathWord = (path: string): boolean => path.search(control) < 0;

/** Whether it starts a program of that path, however that is written. */
export const isProgramPath = (path: string): boolean =>
  isPathWord(path) && !/["'\\$]/.test(path);

/** All that stands behind `=`, where nothing is quoted. */
export function plainText(text: string): string {
  const escaped = text.replaceAll("%", "%%");
  // A backslash at the end would join the next line.
  return escaped.endsWith("\\") ? `${escaped} ` : escaped;
}
