/**
 * Text that somebody else chose (a blocklist, a policy program, a client)
 * before it goes into a reply, a request or a log line of ours.
 *
 * @module
 */

/** Byte strings in, byte strings out: control bytes become `?`, 8-bit ones stay. */
export function withoutControls(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f]/g, "?");
}

/**
 * Printable ASCII on one line: anything else becomes `?`, blanks at the ends
 * are cut, and so is what is past `limit` characters.
 */
export function printable(text: string, limit: number): string {
  const line = text.replace(/[\t\r\n ]+/g, " ").trim().slice(0, limit);
  return line.replace(/[^ -~]/g, "?").trim();
}

/** A byte string for a terminal: what is no printable ASCII becomes `\xNN`. */
export const escaped = (text: string): string =>
  text.replace(
    /[^ -~]/g,
    (byte) => "\\x" + byte.charCodeAt(0).toString(16).padStart(2, "0"),
  );
