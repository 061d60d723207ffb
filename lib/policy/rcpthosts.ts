/**
 * Which domains mail is accepted for (rcpthosts and morercpthosts,
 * qmail-smtpd(8)).
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
import { lookupKeys } from "../mail/domain.ts";

/**
 * Says whether a domain is in the list. An entry `.example.com` stands for
 * every domain under example.com, but not for example.com itself.
 *
 * An address without a domain is nobody's question here: the session accepts
 * it, as qmail-smtpd does.
 *
 * @param entries of rcpthosts, letter case folded
 * @param more whether a key, in lower case, is in morercpthosts.cdb
 */
export function domainMatcher(
  entries: ReadonlySet<string>,
  more?: (key: string) => boolean,
): (domain: string) => boolean {
  return (domain) => {
    const keys = lookupKeys(foldCase(domain));
    return keys.some((key) => entries.has(key)) ||
      (more !== undefined && keys.some(more));
  };
}
