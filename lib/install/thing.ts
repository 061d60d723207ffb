/**
 * What is to lie at a path, and what lies there.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import { unlessMissing } from "./missing.ts";

/** A file or a link that is to be made. */
export type Thing =
  | {
    readonly kind: "file";
    readonly path: string;
    readonly mode: number;
    /** Its text, or the path of the file that it is a copy of. */
    readonly content: { readonly text: string } | { readonly copyOf: string };
  }
  | { readonly kind: "link"; readonly path: string; readonly to: string };

/**
 * What tells a thing from another one at its path: where a link leads, a hash
 * of a file.
 */
export type Mark = string;

/** What was found at a path. */
export interface Found {
  readonly mark: Mark;
  readonly info: Deno.FileInfo;
}

const pieceBytes = 1 << 20;

/** The mark of what is at a path, a link not being followed; null for nothing. */
export function lookAt(path: string): Found | null {
  const info = unlessMissing(() => Deno.lstatSync(path));
  if (info === null) return null;
  if (info.isSymlink) return { info, mark: linkMark(Deno.readLinkSync(path)) };
  if (info.isFile) return { info, mark: hashOf(path) };
  return { info, mark: info.isDirectory ? "folder" : "special" };
}

const linkMark = (to: string): Mark => `link:${to}`;

/** The mark that a thing has once it is there. */
export function markOf(thing: Thing): Mark {
  if (thing.kind === "link") return linkMark(thing.to);
  const { content } = thing;
  return "copyOf" in content
    ? hashOf(content.copyOf)
    : hashMark(createHash("sha256").update(content.text).digest("hex"));
}

const hashMark = (hash: string): Mark => `sha256:${hash}`;

function hashOf(path: string): Mark {
  const hash = createHash("sha256");
  for (const piece of piecesOf(path)) hash.update(piece);
  return hashMark(hash.digest("hex"));
}

/** A file's bytes; each piece is to be used before the next is asked for. */
export function* piecesOf(path: string): Generator<Uint8Array<ArrayBuffer>> {
  using file = Deno.openSync(path);
  const piece = new Uint8Array(pieceBytes);
  for (;;) {
    const count = file.readSync(piece);
    if (count === null) return;
    yield piece.subarray(0, count);
  }
}

/** Where a link at a path leads. */
const goal = (path: string, to: string) => resolve(dirname(path), to);

/** Whether it lies there just as it is to be: content, mode and owner. */
export function isAsWanted(thing: Thing, mark: Mark, found: Found): boolean {
  if (thing.kind === "link") {
    return found.info.isSymlink &&
      goal(thing.path, Deno.readLinkSync(thing.path)) ===
        goal(thing.path, thing.to);
  }
  if (found.mark !== mark) return false;
  const { mode, uid } = found.info;
  return (mode! & 0o7777) === thing.mode && (Deno.uid() !== 0 || uid === 0);
}
