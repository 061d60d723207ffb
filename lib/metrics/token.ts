/**
 * The token that opens the status page to other machines: the first line of a
 * file.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import { Fatal } from "../base/fatal.ts";
import { readHandedFile } from "../sys/handed_files.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";

/** So that it cannot be guessed: some 95 bits where it is random letters. */
const leastLetters = 16;

/** @throws Fatal */
export function readToken(path: string): string {
  let text: string;
  try {
    text = fromBytes(readHandedFile(path, false) ?? readNamedFile(path));
  } catch (error) {
    throw new Fatal(111, `unable to read ${path}: ${whyUnreadable(error)}`);
  }
  const token = text.split("\n", 1)[0].trim();
  if (/^[\x21-\x7e]+$/.test(token) && token.length >= leastLetters) {
    return token;
  }
  throw new Fatal(
    100,
    `${path}: line 1: the token has to be ${leastLetters} letters or more, ` +
      "without blanks",
  );
}
