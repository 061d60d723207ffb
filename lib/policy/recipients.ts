/**
 * Which recipients exist, so that mail for others is refused before it is
 * taken, and need not be bounced to a forged sender afterwards.
 *
 * @module
 */
import { foldCase, fromBytes, toBytes } from "../base/bytes.ts";
import { verifiedCdb } from "../cdb/verify.ts";
import { fileEntries } from "./control_list.ts";
import { accept, type Answer, type Policy } from "./question.ts";

/** Whether a key, in lower case, is in a list of recipients. */
export type RecipientList = (key: string) => boolean;

const unknown: Answer = {
  type: "never",
  code: 550,
  enhanced: "5.1.1",
  text: "sorry, no mailbox here by that name",
};
/** While the list cannot be read. */
export const recipientsUnreadable: Answer = {
  type: "later",
  code: 451,
  enhanced: "4.3.0",
  text: "unable to read the list of recipients",
};

/**
 * Refuses recipients that are not listed. A list that is corrupt defers (451).
 *
 * An address is listed by itself, by `@domain` (all of a domain), or by its
 * local part alone (that name at every domain that mail is accepted for).
 * `user+extension` is listed where `user` is, and, as .qmail files have it,
 * `user-extension` where `user-default` is. Letter case does not matter.
 *
 * `postmaster` is never refused (RFC 5321 4.5.1).
 */
export function knownRecipients(list: RecipientList): Policy {
  return ({ recipient }) => {
    const keys = recipientKeys(recipient);
    try {
      return Promise.resolve(keys.some(list) ? accept : unknown);
    } catch {
      return Promise.resolve(
        keys[0] === "postmaster" ? accept : recipientsUnreadable,
      );
    }
  };
}

/**
 * The list in a file: a cdb whose keys, in lower case, are the entries, or a
 * text with one entry a line ({@linkcode fileEntries}).
 *
 * @param path tells which of them it is: a cdb's name ends in `.cdb`
 * @throws CdbError if it is no cdb, or damaged; Unusable if it is a text that
 *   has an entry that could never match
 */
export function recipientList(path: string, bytes: Uint8Array): RecipientList {
  if (path.endsWith(".cdb")) {
    const cdb = verifiedCdb(bytes);
    return withPostmaster((key) => cdb.find(toBytes(key)) !== null);
  }
  const entries = fileEntries(fromBytes(bytes), path, "recipient");
  return withPostmaster((key) => entries.has(key));
}

function withPostmaster(list: RecipientList): RecipientList {
  return (key) => key === "postmaster" || list(key);
}

/** What a recipient may be listed as; the cheapest to tell comes first. */
export function recipientKeys(recipient: string): string[] {
  const address = foldCase(recipient);
  const at = address.lastIndexOf("@");
  const local = at === -1 ? address : address.slice(0, at);
  const domain = at === -1 ? "" : address.slice(at);
  const names = localNames(local);
  const keys = names.slice();
  if (domain !== "") {
    for (const name of names) keys.push(name + domain);
    keys.push(domain);
  }
  return keys;
}

/** `a-b+c` is a-b+c, a-b, a-b+c's and a's -default. */
function localNames(local: string): string[] {
  const names = [local];
  const plus = local.indexOf("+", 1);
  if (plus !== -1) names.push(local.slice(0, plus));
  for (
    let dash = local.lastIndexOf("-");
    dash > 0;
    dash = local.lastIndexOf("-", dash - 1)
  ) names.push(local.slice(0, dash) + "-default");
  return names;
}
