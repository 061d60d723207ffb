/**
 * What can stand in a list, and what could never match anything.
 *
 * @module
 */
import { asciiDomain, isAscii, isUtf8 } from "../mail/address.ts";
import { literalAddress } from "../mail/domain.ts";

/**
 * `domain` is a domain, or `.domain` for all below it; `sender` an address or
 * `@domain`; `recipient` is that, or a local name.
 */
export type EntryKind = "domain" | "sender" | "recipient";

const wanted: Record<EntryKind, string> = {
  domain: "is no domain",
  sender: "is neither an address nor @domain",
  recipient: "is no address, no @domain and no local name",
};

/** Wider than what the session takes: a hyphen too many is no risk here. */
const domainForm = /^[\w-]+(?:\.[\w-]+)*$/;
/** Of any kind; \s would take a byte of UTF-8 for one. */
const blank = /[\t\v\f\r ]/;

/** Whether a byte string is what an address may have behind its `@`. */
export function isDomain(text: string): boolean {
  const ascii = isAscii(text) ? text : asciiDomain(text);
  if (ascii === null) return false;
  return domainForm.test(ascii) || literalAddress(ascii) !== null;
}

/**
 * Why an entry can never match, and what to do about it; null if it can.
 *
 * @param entry a byte string, not empty
 */
export function entryFault(entry: string, kind: EntryKind): string | null {
  const why = formFault(entry) ??
    (kind === "domain" ? inDomains(entry) : inAddresses(entry, kind));
  return why && `${wanted[kind]}: ${why.replace(/[^ -~]/g, "?")}`;
}

/** An address may have such characters in quotes; nobody has such an address. */
function formFault(entry: string): string | null {
  if (!isAscii(entry) && !isUtf8(entry)) return "it is not in UTF-8";
  if (blank.test(entry)) {
    return entry.includes("#")
      ? "a comment wants a line of its own"
      : "a blank is in it";
  }
  return entry.includes(",") ? "each wants a line of its own" : null;
}

function inDomains(entry: string): string | null {
  const domain = entry.replace(/^\./, "");
  if (isDomain(domain)) return null;
  if (entry.startsWith("*.") && isDomain(entry.slice(2))) {
    return `write ${entry.slice(1)} for all that is below it`;
  }
  const at = entry.lastIndexOf("@");
  if (at === -1) return domainFault(domain);
  return isDomain(entry.slice(at + 1))
    ? `write ${entry.slice(at + 1)}`
    : "no @ is in a domain";
}

function inAddresses(entry: string, kind: EntryKind): string | null {
  const at = entry.lastIndexOf("@");
  const local = at === -1 ? entry : entry.slice(0, at);
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x20\x7f]/.test(local)) return "a control character is in it";
  if (at === -1) {
    // An address without a domain has a dot in its name only by mistake.
    return kind === "sender" && local.includes(".") ? `write @${local}` : null;
  }
  const domain = entry.slice(at + 1);
  if (domain === "") return "no domain is behind the @";
  if (!isDomain(domain)) return domainFault(domain);
  return local === "*" ? `write @${domain}` : null;
}

/** What is wrong with a domain that is none. */
function domainFault(domain: string): string {
  if (domain.endsWith(".")) return "a domain ends without a dot";
  if (domain.startsWith(".")) return "a domain starts without a dot";
  return "no domain is written like that";
}
