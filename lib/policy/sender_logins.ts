/**
 * Who may send as whom, once logged in (--sender-login): a list of addresses
 * and the log-ins that own them, as Postfix's smtpd_sender_login_maps.
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
import { printable } from "../base/foreign_text.ts";
import { Unusable } from "../base/unusable.ts";
import { shown, textFault, trimmed } from "../base/written.ts";
import { withAsciiDomain } from "../mail/address.ts";
import type { Refusal } from "../mail/answers.ts";
import { withCanonicalLiteral } from "../mail/domain.ts";
import { entryFault } from "./list_entry.ts";

/**
 * The log-ins that own an address, or an `@domain`; letter case folded. Most
 * have one, for which a set would be large.
 */
export type SenderLogins = ReadonlyMap<string, readonly string[]>;

/** Of a file that is something else, so many lines are complained about. */
const mostFaults = 10;

/** Between a name and what its owner adds to it, `ann+lists`. */
const delimiter = "+";

/**
 * An address or @domain, then a colon or a blank, then log-ins. \s would take
 * a byte of UTF-8 for a blank.
 */
const entryForm =
  /^([^ \t\v\f\r,:]*@(?:\[[^\] \t\v\f\r]*\]|[^ \t\v\f\r,:[\]]*))(?:[ \t]*:|(?=[ \t])|$)(.*)$/;

/** Nothing is wrong with such an entry; a million are read in half the time. */
const plainForm =
  /^([\w.+-]*@[a-z\d-]+(?:\.[a-z\d-]+)*)(?: *:| ) *([\w.@+-]+)$/i;

/**
 * @param text a file, as a byte string
 * @param path of it, for messages
 * @throws Unusable that tells each line that says nothing
 */
export function senderLogins(text: string, path: string): SenderLogins {
  const fault = textFault(text);
  if (fault !== null) throw new Unusable([`${path}: ${fault}`], true);
  const found = new Map<string, string[]>();
  const faults: string[] = [];
  let more = 0;
  for (const { number, line } of logicalLines(text)) {
    const entry = readEntry(line);
    if (typeof entry !== "string") {
      const { address, logins } = entry;
      const earlier = found.get(address);
      if (earlier === undefined) found.set(address, logins);
      else for (const login of logins) earlier.push(login);
    } else if (faults.length < mostFaults) {
      faults.push(`${path}: line ${number}: ${entry}`);
    } else more++;
  }
  if (more > 0) faults.push(`${path}: ${more} more of this kind`);
  if (faults.length > 0) throw new Unusable(faults, true);
  return found;
}

/** As Postfix joins them: what begins with a blank goes on with the last. */
function logicalLines(text: string): { number: number; line: string }[] {
  const lines: { number: number; line: string }[] = [];
  text.split("\n").forEach((written, i) => {
    const line = trimmed(written);
    if (line === "" || line[0] === "#") return;
    const last = lines.at(-1);
    if (last && /^[ \t]/.test(written)) last.line += ` ${line}`;
    else lines.push({ number: i + 1, line });
  });
  return lines;
}

/** What is wrong with it, if it is no entry. */
function readEntry(
  line: string,
): { readonly address: string; readonly logins: string[] } | string {
  const plain = plainForm.exec(line);
  if (plain !== null) {
    return { address: foldCase(plain[1]), logins: [foldCase(plain[2])] };
  }
  const form = entryForm.exec(line);
  if (form === null) {
    return `${shown(line)} is no ADDRESS: LOGIN, LOGIN... ` +
      "(an address or @domain, then who may send as it)";
  }
  const [, address, rest] = form;
  const fault = entryFault(address, "sender");
  if (fault !== null) return `${shown(address)} ${fault}`;
  const logins = rest.split(/[ \t,]+/).filter((login) => login !== "");
  if (logins.length === 0) return `nobody may send as ${shown(address)}`;
  if (logins.some((login) => login.startsWith("#"))) {
    return "a comment wants a line of its own";
  }
  return { address: folded(address), logins: logins.map(foldCase) };
}

const folded = (address: string): string =>
  foldCase(withAsciiDomain(withCanonicalLiteral(address)));

/**
 * Whether one who has logged in owns a sender's address. The nearest entry
 * counts: the address, the address without what is behind a `+`, its domain.
 */
export function owns(
  logins: SenderLogins,
  user: string,
  sender: string,
): boolean {
  const owners = keysOf(sender).map((key) => logins.get(key))
    .find((each) => each !== undefined);
  return owners?.includes(foldCase(user)) ?? false;
}

/** The entries that an address may be found by, the nearest first. */
function keysOf(sender: string): string[] {
  const address = folded(sender);
  const at = address.lastIndexOf("@");
  if (at === -1) return [address];
  const local = address.slice(0, at), domain = address.slice(at);
  const plus = local.indexOf(delimiter);
  return plus > 0
    ? [address, local.slice(0, plus) + domain, domain]
    : [address, domain];
}

/** The list of one who owns what he is called by, and more. */
export const ownSenders = (
  user: string,
  senders: readonly string[],
): SenderLogins =>
  new Map(
    // Only what he was given can be a whole domain, and not his name.
    [...user.startsWith("@") ? [] : [user], ...senders]
      .filter((each) => each.includes("@"))
      .map((each) => [folded(each), [foldCase(user)]]),
  );

/** Of names in a reply. */
const mostCharacters = 150;

/** As Postfix says it. */
export function notOwned(user: string, sender: string): Refusal {
  const [who, whom] = [user, sender].map((each) =>
    printable(each, mostCharacters)
  );
  return {
    type: "never",
    code: 553,
    enhanced: "5.7.1",
    text: `<${whom}>: Sender address rejected: not owned by user ${who}`,
    by: "sender-login",
  };
}

/** While nobody can tell whose an address is. */
export const sendersUnreadable: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.3.5",
  text: "unable to tell who may send as whom for now",
  by: "sender-login",
};
