/**
 * Shorthand for cases.
 *
 * @module
 */
import type { Case } from "./case.ts";

export type Draft =
  & Pick<Case, "name" | "input">
  & Partial<Pick<Case, "control" | "env" | "waits">>;

/** Lines, each ended by CRLF. */
export function lines(...each: string[]): string {
  return each.map((line) => `${line}\r\n`).join("");
}

export const envelope = lines("MAIL FROM:<a@b.c>", "RCPT TO:<x@example.com>");

/** A whole session with one message. @param text with its line ends */
export function message(text: string, hello = ""): string {
  return hello + envelope + lines("DATA") + text + lines(".", "QUIT");
}

/** Cases of one group from a table of names and inputs. */
export function group(
  prefix: string,
  table: Record<string, string>,
  more: Omit<Draft, "name" | "input"> = {},
): Draft[] {
  return Object.entries(table).map(([name, input]) => ({
    ...more,
    name: `${prefix}: ${name}`,
    input,
  }));
}
