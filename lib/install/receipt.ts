/**
 * The receipt: what `postern install` has made, so that `--uninstall` removes
 * that and nothing else. It is written before anything is changed too; whoever
 * is killed in the middle leaves one that tells what may have been done.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { isThere, unlessMissing } from "./missing.ts";
import { putWhole } from "./side.ts";
import type { Mark } from "./thing.ts";

/** Beside the executable. */
export const receiptName = ".postern-install.json";

const format = 1;

/** Something that we have made. */
export interface Made {
  readonly path: string;
  /** What it is; several while one is being replaced by another. */
  readonly marks: readonly Mark[];
  /** Whether what was there before lies beside it. */
  readonly kept: boolean;
}

/** What was made by all installations in a folder. */
export interface Receipt {
  /** Folders that were not there, outer ones first. */
  readonly folders: readonly string[];
  readonly things: readonly Made[];
}

/** Nothing yet. */
export const emptyReceipt: Receipt = { folders: [], things: [] };

/**
 * The receipt in a folder; null if there is none.
 *
 * @throws Fatal if it is not one, or may be somebody else's: it names files
 *   that are to be removed
 */
export function readReceipt(folder: string): Receipt | null {
  const path = `${folder}/${receiptName}`;
  const info = unlessMissing(() => Deno.lstatSync(path));
  if (info === null) return null;
  const isOurs = info.isFile && (info.mode! & 0o022) === 0 &&
    (info.uid === Deno.uid() || info.uid === 0);
  if (!isOurs) {
    throw new Fatal(
      100,
      `unable to trust ${path}: others may have written it; look at it, and ` +
        "remove it, or make it yours (chown, chmod 644)",
    );
  }
  const receipt = parse(Deno.readTextFileSync(path));
  if (receipt !== null) return receipt;
  throw new Fatal(
    100,
    `unable to read ${path}: it is no receipt of this version; look at it, ` +
      "and remove it if it is not wanted",
  );
}

function parse(text: string): Receipt | null {
  try {
    const { format: found, folders, things } = JSON.parse(text);
    const isPath = (each: unknown) =>
      typeof each === "string" && each.startsWith("/");
    const isMade = ({ path, marks, kept }: Made) =>
      isPath(path) && typeof kept === "boolean" &&
      marks.every((mark) => typeof mark === "string");
    const isReceipt = found === format && folders.every(isPath) &&
      things.every(isMade);
    return isReceipt ? { folders, things } : null;
  } catch {
    return null; // it has no such fields, or is no JSON
  }
}

/** Replaces the receipt in one step. */
export function writeReceipt(folder: string, receipt: Receipt): void {
  const text = JSON.stringify({ format, ...receipt }, null, 1) + "\n";
  putWhole({
    kind: "file",
    path: `${folder}/${receiptName}`,
    mode: 0o644,
    content: { text },
  });
}

/** Takes it away. */
export function removeReceipt(folder: string): void {
  const path = `${folder}/${receiptName}`;
  if (isThere(path)) Deno.removeSync(path);
}
