/**
 * Who every server that takes mail has to take mail for (RFC 5321 4.5.1).
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";

const postmaster = "postmaster";

/**
 * Whether a recipient (a byte string without quoting) is the postmaster, by
 * itself or at a domain of ours.
 *
 * @param isOurs not there: of none
 */
export function isPostmaster(
  recipient: string,
  isOurs: (domain: string) => boolean = () => false,
): boolean {
  const at = recipient.lastIndexOf("@");
  const local = at === -1 ? recipient : recipient.slice(0, at);
  if (local.length !== postmaster.length) return false;
  if (foldCase(local) !== postmaster) return false;
  return at === -1 || isOurs(recipient.slice(at + 1));
}
