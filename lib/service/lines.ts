/**
 * A line of ours in a file that is others' too.
 *
 * @module
 */
import { bytesOf, fromBytes, toBytes } from "../base/bytes.ts";

/** Texts are byte strings: nobody knows how the file is encoded. */
export const lineOf = (text: string): string => bytesOf(text.trimEnd());

export const hasLine = (bytes: Uint8Array, text: string): boolean =>
  fromBytes(bytes).split("\n").includes(lineOf(text));

/** What a file's last line ends with. */
export const endOf = (bytes: Uint8Array): "" | "\n" =>
  bytes.length === 0 || bytes.at(-1) === "\n".charCodeAt(0) ? "\n" : "";

export function withLine(bytes: Uint8Array, text: string): Uint8Array {
  const newline = endOf(bytes) === "" ? "\n" : "";
  return toBytes(`${fromBytes(bytes)}${newline}${lineOf(text)}\n`);
}

/**
 * The file without the line, which may stand elsewhere by now.
 *
 * @param end what the file ended with before the line was added
 */
export function withoutLine(
  bytes: Uint8Array,
  text: string,
  end: string | null,
): Uint8Array {
  const lines = fromBytes(bytes).split("\n");
  const at = lines.lastIndexOf(lineOf(text));
  if (at < 0) return bytes;
  const isLast = at === lines.length - 2 && lines.at(-1) === "";
  lines.splice(at, 1);
  const rest = lines.join("\n");
  return toBytes(isLast && end === "" ? rest.replace(/\n$/, "") : rest);
}
