/**
 * An address as a filter writes it. Pure.
 *
 * @module
 */
import { printable } from "../base/foreign_text.ts";
import { strictPath } from "../mail/address.ts";

const shownLimit = 100;

/**
 * Reads `<a@b>` or `a@b`, a byte string, as an envelope holds it.
 *
 * @throws Error
 */
export function addressIn(text: string): string {
  const written = text.trim();
  const path = written.startsWith("<") ? written : `<${written}>`;
  const found = strictPath("", path);
  if (found !== null && found.parameters === "") return found.address;
  const shown = printable(written, shownLimit);
  throw new Error(`it names ${shown}, which is no address`);
}
