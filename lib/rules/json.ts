/**
 * Explanations and findings as JSON. JSON is UTF-8, and what they quote is
 * bytes of whatever encoding somebody wrote.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import type { Explanation } from "./explain.ts";
import type { Finding } from "./finding.ts";

export function explanationJson(explanation: Explanation): string {
  return JSON.stringify(readable(explanation), null, 2);
}

/** @param file its name, a text and no byte string */
export function findingsJson(
  file: string,
  findings: readonly Finding[],
): string {
  return JSON.stringify({ file, findings: readable(findings) }, null, 2);
}

/** A value whose byte strings have become texts. */
function readable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value),
    (_, each) => typeof each === "string" ? textOf(each) : each,
  );
}

/** UTF-8 where it is that; else bytes beyond ASCII are written `\xNN`. */
function textOf(bytes: string): string {
  try {
    return utf8.decode(toBytes(bytes));
  } catch {
    // It is another encoding, and nobody knows which.
    return bytes.replace(
      /[\x80-\xff]/g,
      (byte) => `\\x${byte.charCodeAt(0).toString(16)}`,
    );
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
