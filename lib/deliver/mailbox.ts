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

/** A recipient's; kept small, as a message may have a thousand. */
export class Mailbox {
  /**
   * @param inside what of its path comes after {@linkcode MailboxPath.root},
   *   and may be the user's own
   * @param baseLength of the part of it by which the mailbox exists
   */
  constructor(
    readonly template: MailboxPath,
    readonly inside: string,
    readonly baseLength: number,
  ) {}

  /** The Maildir. */
  get path(): string {
    const { prefix } = this.template;
    const isWhole = this.inside === "" || prefix === "" || prefix.endsWith("/");
    return isWhole ? prefix + this.inside : `${prefix}/${this.inside}`;
  }

  /**
   * A folder of it (Maildir++), which is a Maildir in it.
   *
   * @param name with its dot, as `.Junk`
   */
  folder(name: string): Mailbox {
    return new Mailbox(this.template, this.within(name), this.baseLength);
  }

  get root(): string {
    return this.template.root;
  }

  /**
   * The folder by which the mailbox exists: the path up to the last part that
   * has a placeholder. null without placeholders.
   */
  get base(): string | null {
    const { baseInside } = this;
    return baseInside && this.template.prefix + baseInside;
  }

  /** The same, without what all mailboxes have in common. */
  get baseInside(): string | null {
    return this.inside.slice(0, this.baseLength) || null;
  }

  /** A path in the Maildir, as one beneath the root. */
  within(part: string): string {
    return this.inside === "" ? part : `${this.inside}/${part}`;
  }
}

const placeholder = /\{(user|domain)(?:%([^{}/]))?\}/g;

export class MailboxPath {
  /** The folder that all mailboxes are in: what stands before placeholders. */
  readonly root: string;
  /** The same with its slash, as the path of a mailbox begins. */
  readonly prefix: string;
  /** Those after it. */
  readonly #parts: readonly string[];
  /** How many of them there are up to the last one with a placeholder. */
  readonly #baseParts: number;

  /** @throws Error that says what is wrong with the template */
  constructor(readonly template: string) {
    const parts = template.split("/");
    const found = parts.findIndex(hasPlaceholder);
    const first = found === -1 ? parts.length : found;
    this.#parts = parts.slice(first);
    this.#baseParts = this.#parts.findLastIndex(hasPlaceholder) + 1;
    this.prefix = parts.slice(0, first).map((part) => `${part}/`).join("");
    if (found === -1) this.prefix = template;
    this.root = parts.slice(0, first).join("/") ||
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

  /** What the names of a mailbox's folders beneath the root are like. */
  get patterns(): readonly RegExp[] {
    return this.#parts.map((part) => {
      const literals = part.replace(placeholder, "\0").split("\0");
      const escaped = literals.map((text) =>
        text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
      );
      return new RegExp(`^${escaped.join(".+")}$`, "s");
    });
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
    if (this.isFixed) return new Mailbox(this, "", 0);
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
    const inside = parts.join("/");
    const length = this.prefix.length + inside.length;
    if (!allowed || length > pathBytes) return null;
    const text = utf8(inside);
    if (text === null) return null;
    const base = utf8(parts.slice(0, this.#baseParts).join("/"))!;
    return new Mailbox(this, text, base.length);
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
