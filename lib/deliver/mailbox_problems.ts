/**
 * What deliveries to Maildirs would stumble over, without delivering any.
 *
 * @module
 */
import { parentOf } from "../base/path.ts";
import { codeOf, reason } from "../base/reason.ts";
import { checkFolder, type Use } from "../sys/access.ts";
import type { MailboxPath } from "./mailbox.ts";
import { mailboxLinks } from "./mailbox_links.ts";

/** A Maildir's folders that are written to, in the order of their use. */
const parts = ["tmp", "new"];

/** Of a thousand of a kind the first will do. */
const mostProblems = 10;

/** @param creates whether mailboxes that are missing are made */
export function mailboxProblems(
  mailboxes: MailboxPath,
  creates: boolean,
): readonly string[] {
  const { template, root, isFixed } = mailboxes;
  // Of a recipient's mailbox nothing is known before there is a recipient.
  const looks = isFixed
    ? parts.map((part) => () => checkPart(template, part))
    : [() => creates ? checkMaking(root) : look(root, "search")];
  const found = new Set<string>();
  for (const act of looks) {
    try {
      act();
    } catch (error) {
      if (!(error instanceof FolderError)) throw error; // a bug
      const where = error.path === template ? "" : `${error.path}: `;
      found.add(`unable to deliver to ${template}: ${where}${error.message}`);
    }
  }
  for (const { message } of mailboxLinks(mailboxes)) {
    if (found.size > mostProblems) break;
    found.add(`unable to deliver to ${template}: ${message}`);
  }
  return [...found];
}

class FolderError extends Error {
  constructor(readonly path: string, cause: unknown) {
    super(reason(cause), { cause });
  }
}

/** The Maildir itself may be missing, and need not be written to. */
function checkPart(maildir: string, part: string): void {
  try {
    look(maildir, "search");
  } catch (error) {
    if (codeOf((error as FolderError).cause) !== "ENOENT") throw error;
  }
  checkMaking(`${maildir}/${part}`);
}

/** That files can be made in a folder, which may have to be made itself. */
function checkMaking(path: string): void {
  try {
    look(path, "write", "search");
  } catch (error) {
    const parent = parentOf(path);
    const { cause } = error as FolderError;
    if (codeOf(cause) !== "ENOENT" || parent === path) throw error;
    checkMaking(parent);
  }
}

/** @throws FolderError */
function look(path: string, ...uses: Use[]): void {
  try {
    checkFolder(path, ...uses);
  } catch (error) {
    throw new FolderError(path, error);
  }
}
