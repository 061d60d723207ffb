/**
 * What has to be changed so that the parts of a service lie where they belong,
 * or do no more; decided before anything is changed.
 *
 * @module
 */
import { parentOf } from "../base/path.ts";
import { endOf, hasLine, withLine, withoutLine } from "./lines.ts";
import { look, type Lying } from "./lying.ts";
import { isOurs, isSame, lyingOf, newFile } from "./ours.ts";
import { type Item, recordsFolder } from "./record.ts";
import { renumbered } from "./renumbered.ts";
import type { Part } from "./service.ts";

/** A path, as it is on the machine, and what is to lie there. */
export interface Change {
  readonly path: string;
  readonly lying: Lying | null;
  /** A step of our own between others, which nobody wants to hear of. */
  readonly untold?: true;
}

export interface Plan {
  readonly changes: readonly Change[];
  /** What will have been put, for the record. */
  readonly items: readonly Item[];
  /** Folders that go, if they are empty by then. */
  readonly folders: readonly string[];
  /** What is there and not ours, a line each. */
  readonly refusals: readonly string[];
}

const usualFolderMode = 0o755, usualFileMode = 0o644;

/** What to do about something that is another's. */
function inTheWay(path: string): string {
  const unit = /\.wants\/([^/]+)$/.exec(path)?.[1];
  return unit === undefined
    ? "move it away, or take another --name"
    : `systemctl disable --now ${unit} first, or take another --name`;
}

export class Planner {
  readonly changes: Change[] = [];
  readonly items: Item[] = [];
  readonly folders: string[] = [];
  readonly refusals: string[] = [];
  /** What paths will have, as far as that is decided. */
  readonly #decided = new Map<string, Lying | null>();

  /**
   * @param root what stands before each path
   * @param others what was put for other services
   */
  constructor(readonly root: string, readonly others: readonly Item[]) {}

  /** Takes away what was put. */
  takeAway(items: readonly Item[]): void {
    for (const item of items.toReversed()) this.#takeAway(item);
  }

  /** Puts parts, over those of an earlier installation, of which none stays. */
  replace(before: readonly Item[], parts: readonly Part[]): void {
    const stays = (item: Item) =>
      parts.some((part) =>
        part.kind === item.kind && part.path === item.path &&
        (part.kind !== "line" || part.text === (item as typeof part).text)
      );
    this.takeAway(
      before.filter((item) => item.kind !== "folder" && !stays(item)),
    );
    for (const part of parts) {
      this.makeFolder(part.path, before);
      this.#put(part, before);
    }
    const folders = before.filter(({ kind, path }) =>
      kind === "folder" && !this.items.some((each) => each.path === path)
    );
    this.takeAway(folders);
  }

  /** The folder in which something is put. */
  makeFolder(path: string, before: readonly Item[]): void {
    const folder = parentOf(path);
    if (folder === "/" || folder === ".") return;
    this.makeFolder(folder, before);
    this.#folder(folder, usualFolderMode, before);
  }

  #folder(path: string, mode: number, before: readonly Item[]): void {
    if (this.items.some((item) => item.path === path)) return;
    const known = path === recordsFolder ||
      before.some((item) => item.path === path);
    const there = this.#at(path);
    if (there === null) {
      this.#change(path, { kind: "folder", mode });
    } else if (!this.#isFolder(path, there)) {
      this.refusals.push(`${this.root}${path} is there, and is no folder`);
      return;
    } else if (
      !known &&
      !this.others.some((item) => item.kind === "folder" && item.path === path)
    ) return;
    this.items.push({ kind: "folder", path });
  }

  #isFolder(path: string, there: Lying): boolean {
    if (there.kind === "folder") return true;
    if (there.kind !== "link") return false;
    try {
      return Deno.statSync(this.root + path).isDirectory;
    } catch {
      return false; // it leads nowhere
    }
  }

  #put(part: Part, before: readonly Item[]): void {
    const { path } = part;
    if (part.kind === "folder") return this.#folder(path, part.mode, before);
    if (part.kind === "line") return this.#line(path, part.text, before);
    const known = before.find((item) => item.path === path);
    const there = this.#at(path);
    const put = lyingOf(part);
    if (!isOurs(there, put, known)) {
      this.refusals.push(
        `${this.root}${path} is there, and not ours: ${inTheWay(path)}`,
      );
      return;
    }
    const first = known?.kind === part.kind ? known.before : there;
    this.items.push({ kind: part.kind, path, put, before: first });
    // Somebody has said when it is to be started: that stays.
    if (there === null && known && renumbered(this.root, known).length > 0) {
      return;
    }
    if (!isSame(there, put)) this.#change(path, put);
  }

  #line(path: string, text: string, before: readonly Item[]): void {
    const there = this.#at(path);
    if (there !== null && there.kind !== "file") {
      this.refusals.push(`${this.root}${path} is there, and is no file`);
      return;
    }
    if (there && hasLine(there.bytes, text)) {
      const known = before.find((item) =>
        item.kind === "line" && item.path === path && item.text === text
      );
      if (known) this.items.push(known);
      return;
    }
    const bytes = there?.bytes ?? new Uint8Array(0);
    const other = this.#otherLine(path);
    const own = there === null ? null : endOf(bytes);
    const end = other === undefined ? own : other.end;
    const file = there ?? newFile(bytes, usualFileMode);
    this.items.push({ kind: "line", path, text, end });
    this.#change(path, { ...file, bytes: withLine(bytes, text) });
  }

  /** A line of another service in the same file. */
  #otherLine(path: string) {
    return this.others.filter((item) => item.kind === "line")
      .find((item) => item.path === path);
  }

  #takeAway(item: Item): void {
    const { path } = item;
    if (item.kind === "folder") {
      this.folders.push(path);
      return;
    }
    const there = this.#at(path);
    if (item.kind === "line") {
      if (there?.kind !== "file") return;
      // How the file ended is the matter of whoever is the last to go.
      const end = this.#otherLine(path) ? "\n" : item.end;
      const bytes = withoutLine(there.bytes, item.text, end);
      if (bytes === there.bytes) return;
      const isEmpty = end === null && bytes.length === 0;
      return this.#change(path, isEmpty ? null : { ...there, bytes });
    }
    for (const path of renumbered(this.root, item)) this.#change(path, null);
    if (!isOurs(there, item.put, item)) {
      this.refusals.push(
        `${this.root}${path} is not what was installed any more: ` +
          "move it away, or remove it",
      );
    } else if (!isSame(there, item.before)) this.#change(path, item.before);
  }

  #at(path: string): Lying | null {
    const decided = this.#decided.get(path);
    return decided === undefined ? look(this.root + path) : decided;
  }

  #change(path: string, lying: Lying | null): void {
    this.#decided.set(path, lying);
    this.changes.push({ path: this.root + path, lying });
  }
}
