/**
 * Which senders mail is refused from (badmailfrom, qmail-smtpd(8)).
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";

/**
 * Says whether a sender is in the list: as a whole address, or by an entry
 * `@domain` that names exactly its domain. Letter case does not matter.
 *
 * @param entries of badmailfrom, letter case folded
 */
export function senderMatcher(
  entries: ReadonlySet<string>,
): (sender: string) => boolean {
  if (entries.size === 0) return () => false;
  return (sender) => {
    const address = foldCase(sender);
    if (entries.has(address)) return true;
    const at = address.lastIndexOf("@");
    return at !== -1 && entries.has(address.slice(at));
  };
}
