/**
 * Which Maildir a recipient's mail goes to: a path with placeholders.
 *
 *     {user}    the local part of the address
 *     {user%+}  the local part up to its first `+` (any one character)
 *     {domain}  the domain; the host's name if the address has none
 *
 * Letter case is folded. Pure: whether a mailbox is there is another question.
 *
 * @module
 */

import { toBytes } from "../base/bytes.ts";

/** Longest name and path on Linux (NAME_MAX, PATH_MAX without its NUL). */
const nameBytes = 255;
const pathBytes = 4095;

export interface Mailbox {
  /** The Maildir. */
  readonly path: string;
  /**
   * The folder by which the mailbox exists: the path up to the last part that
   * has a placeholder. null without placeholders.
   */
  readonly base: string | null;
}

const placeholder = /\{(user|domain)(?:%([^{}/]))?\}/g;

export class MailboxPath {
  /** The folder that all mailboxes are in: what stands before placeholders. */
  readonly root: string;
  readonly #parts: readonly string[];
  /** How many parts there are up to the last one with a placeholder. */
  readonly #baseParts: number;

  /** @throws Error that says what is wrong with the template */
  constructor(readonly template: string) {
    this.#parts = template.split("/");
    this.#baseParts = this.#parts.findLastIndex(hasPlaceholder) + 1;
    const first = this.#parts.findIndex(hasPlaceholder);
    this.root =
      (first === -1 ? template : this.#parts.slice(0, first).join("/")) ||
      (template.startsWith("/") ? "/" : ".");
    if (/[{}]/.test(template.replace(placeholder, ""))) {
      throw new Error("a placeholder is {user}, {user%+} or {domain}");
    }
    if (template === "" || template.includes("\0")) {
      throw new Error("a path is wanted");
    }
  }

  /** Whether there is one mailbox for everybody. */
  get isFixed(): boolean {
    return this.#baseParts === 0;
  }

  /**
   * The mailbox of a recipient.
   *
   * @param recipient a byte string without quoting
   * @param host the domain of an address without one
   * @returns null if the address cannot have one: an empty, hidden (`.x`) or
   *   too long name, a slash, a control byte, or bytes that are not UTF-8
   */
  of(recipient: string, host: string): Mailbox | null {
    if (this.isFixed) return { path: this.template, base: null };
    const at = recipient.lastIndexOf("@");
    const user = at === -1 ? recipient : recipient.slice(0, at);
    const domain = at === -1 ? host : recipient.slice(at + 1);
    let allowed = true;
    const parts = this.#parts.map((part) => {
      const name = part.replace(placeholder, (_, which, cut) => {
        const whole = fold(which === "user" ? user : domain);
        const value = cut ? whole.split(cut, 1)[0] : whole;
        allowed &&= isName(value);
        return value;
      });
      allowed &&= name.length <= nameBytes;
      return name;
    });
    const path = parts.join("/");
    if (!allowed || path.length > pathBytes) return null;
    const text = utf8(path);
    if (text === null) return null;
    const base = utf8(parts.slice(0, this.#baseParts).join("/"))!;
    return { path: text, base };
  }
}

function hasPlaceholder(part: string): boolean {
  return part.search(placeholder) !== -1;
}

/** Lower case, of ASCII alone: other bytes are of no known encoding. */
function fold(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Nothing that leaves its folder, is hidden in it, or cannot be shown. */
function isName(value: string): boolean {
  // deno-lint-ignore no-control-regex
  const unfit = /^$|^\.|[/\x00-\x1f\x7f]/;
  return !unfit.test(value);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What the runtime will turn into these very bytes; null if nothing is. */
function utf8(bytes: string): string | null {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes;
  try {
    return decoder.decode(toBytes(bytes));
  } catch {
    return null;
  }
}
