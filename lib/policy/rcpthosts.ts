/**
 * Which domains mail is accepted for (rcpthosts and morercpthosts,
 * qmail-smtpd(8)).
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";

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

/** The domain, then what is left of it from each dot on. */
export function lookupKeys(domain: string): string[] {
  if (domain === "") return [];
  const keys = [domain];
  let dot = domain.indexOf(".", 1);
  while (dot !== -1) {
    keys.push(domain.slice(dot));
    dot = domain.indexOf(".", dot + 1);
  }
  return keys;
}
