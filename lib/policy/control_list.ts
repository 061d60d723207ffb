/**
 * The lists among qmail's control files.
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
import { withAsciiDomain } from "../mail/address.ts";

/**
 * The entries of a control file that is a list, letter case folded: one a
 * line, trailing blanks cut; empty lines and lines that start with `#` are
 * skipped (qmail-control(5)). An address with a domain in UTF-8 is there with
 * the domain that the DNS knows too, as the envelope has it.
 *
 * @param text the file as a byte string
 */
export function listEntries(text: string): Set<string> {
  const entries = new Set<string>();
  for (const line of text.split("\n")) {
    const entry = line.replace(/[ \t]+$/, "");
    if (entry !== "" && entry[0] !== "#") {
      entries.add(foldCase(entry));
      entries.add(foldCase(withAsciiDomain(entry)));
    }
  }
  return entries;
}
