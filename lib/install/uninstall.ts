/**
 * Taking away what `install` has made, and bringing back what was there.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import { asFatal, doing, lock, usable } from "./install.ts";
import {
  isSameFile,
  isThere,
  removeIfThere,
  unlessMissing,
} from "./missing.ts";
import {
  type Made,
  readReceipt,
  type Receipt,
  receiptName,
  removeReceipt,
} from "./receipt.ts";
import {
  beside,
  folderOf,
  isAround,
  nameAlso,
  nameBack,
  syncFolder,
} from "./side.ts";
import { lookAt } from "./thing.ts";
import { Undo } from "./undo.ts";

/** What becomes of a thing that we have made. */
interface Farewell {
  readonly path: string;
  /**
   * `remove`; `restore` what was kept in its place; `unkeep`: it was never
   * replaced, only kept; `leave` what somebody else has put there; `gone`.
   */
  readonly act: "remove" | "restore" | "unkeep" | "leave" | "gone";
}

/**
 * Takes everything away, or nothing if that fails.
 *
 * @param tell of each thing, in a line
 * @param warn of what is not ours any more and is left
 * @returns whether all is as before
 * @throws Fatal
 */
export function uninstall(
  { folder, dryRun }: { readonly folder: string; readonly dryRun: boolean },
  tell: (line: string) => void,
  warn: (line: string) => void,
): boolean {
  if (isThere(folder)) usable(folder);
  using _lock = dryRun || !isThere(folder) ? null : lock(folder);
  const receipt = isThere(folder) ? readReceipt(folder) : null;
  if (receipt === null) {
    throw new Fatal(
      100,
      `unable to uninstall from ${folder}: there is no ${receiptName}, so ` +
        "nothing is known to be ours there; --to DIR names another folder",
    );
  }
  const farewells = receipt.things.map(farewellTo).reverse();
  const active = farewells.filter(({ act }) =>
    act !== "leave" && act !== "gone"
  );
  const folders = new Set([
    folder,
    ...active.map(({ path }) => folderOf(path)),
  ]);
  for (const each of folders) usable(each);
  if (!dryRun) takeAway(folder, folders, active, receipt);
  for (const { path, act } of farewells) {
    if (act === "leave") {
      const before = beside.before(path);
      const rest = isThere(before)
        ? `; what was there before is ${before}`
        : "";
      warn(`left ${path}: it was changed since, and is not ours${rest}`);
    } else if (act !== "gone") {
      tell(lines[act](path, dryRun));
    }
  }
  return farewells.every(({ act }) => act !== "leave");
}

const lines = {
  remove: (path: string, isDry: boolean) =>
    `${isDry ? "would remove" : "removed"} ${path}`,
  restore: (path: string, isDry: boolean) =>
    `${isDry ? "would bring back" : "brought back"} ${path}`,
  unkeep: (path: string, isDry: boolean) =>
    `${isDry ? "would leave" : "left"} ${path} as it was`,
} as const;

function farewellTo({ path, marks, kept }: Made): Farewell {
  const before = beside.before(path);
  const isKept = kept && isThere(before);
  const found = lookAt(path);
  if (found === null) return { path, act: isKept ? "restore" : "gone" };
  if (isKept && isSameFile(path, before)) return { path, act: "unkeep" };
  if (!marks.includes(found.mark)) {
    // It was to be kept, and the installation was killed before.
    return { path, act: kept && !isKept ? "gone" : "leave" };
  }
  return { path, act: isKept ? "restore" : "remove" };
}

function takeAway(
  folder: string,
  folders: ReadonlySet<string>,
  farewells: readonly Farewell[],
  receipt: Receipt,
): void {
  const undo = new Undo();
  try {
    for (const farewell of farewells) {
      doing(`remove ${farewell.path}`, () => bid(farewell, undo));
    }
    for (const each of folders) syncFolder(each);
  } catch (error) {
    undo.all();
    throw asFatal(error, `uninstall from ${folder}`);
  }
  try {
    cleanUp(folder, receipt);
  } catch (error) {
    throw new Fatal(
      111,
      `unable to finish: ${
        reason(error)
      }; all is as before but for what lies ` +
        "in hidden files; run it again",
      { cause: error },
    );
  }
}

/** What is not undone; whoever is killed here is to run it again. */
function cleanUp(folder: string, { folders, things }: Receipt): void {
  for (const { path } of [...things, { path: `${folder}/${receiptName}` }]) {
    removeIfThere(beside.old(path));
    removeIfThere(beside.fresh(path)); // an installation was killed
  }
  const inner = folders.toReversed();
  for (const path of inner) if (!isAround(path, folder)) removeEmpty(path);
  removeReceipt(folder);
  syncFolder(folder);
  for (const path of inner) if (isAround(path, folder)) removeEmpty(path);
}

/** A path's end: what goes has a hidden name until all is done. */
function bid({ path, act }: Farewell, undo: Undo): void {
  const before = beside.before(path), old = beside.old(path);
  if (act === "unkeep") {
    return undo.do(
      () => Deno.removeSync(before),
      () => nameAlso(path, before),
    );
  }
  removeIfThere(old);
  if (act === "remove") {
    return undo.do(
      () => Deno.renameSync(path, old),
      () => Deno.renameSync(old, path),
    );
  }
  if (isThere(path)) {
    undo.do(() => nameAlso(path, old), () => nameBack(old, path));
  }
  undo.do(
    () => Deno.renameSync(before, path),
    () => nameAlso(path, before),
  );
}

/** A folder of ours that has come to hold something else stays. */
function removeEmpty(path: string): void {
  const isEmpty = unlessMissing(() => Deno.readDirSync(path).next().done);
  if (isEmpty) Deno.removeSync(path);
}
