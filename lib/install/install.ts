/**
 * Putting things in place: all of them or none, and what was there before is
 * kept.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { codeOf, reason } from "../base/reason.ts";
import { checkFolder } from "../sys/access.ts";
import { isThere, removeIfThere } from "./missing.ts";
import { planOf, receiptOf, type Step } from "./plan.ts";
import {
  emptyReceipt,
  readReceipt,
  removeReceipt,
  writeReceipt,
} from "./receipt.ts";
import {
  beside,
  folderOf,
  isAround,
  makeFresh,
  nameAlso,
  nameBack,
  putFresh,
  syncFolder,
} from "./side.ts";
import type { Thing } from "./thing.ts";
import { Undo } from "./undo.ts";

interface Request {
  /** Where the receipt goes. */
  readonly folder: string;
  readonly things: readonly Thing[];
  /** Whether the folder itself may be made. */
  readonly create: boolean;
  readonly dryRun: boolean;
}

/**
 * Puts things in place. What an earlier run left when it was killed is
 * finished, or made good.
 *
 * @param tell of each thing, in a line
 * @returns whether anything was changed
 * @throws Fatal
 */
export function install(
  { folder, things, create, dryRun }: Request,
  tell: (line: string) => void,
): boolean {
  if (!isThere(folder) && !create) {
    throw new Fatal(
      100,
      `unable to use ${folder}: it does not exist; --create makes it`,
    );
  }
  const around = new Set([folder, ...things.map(({ path }) => folderOf(path))]);
  for (const path of around) usable(nearest(path));
  const folders = missingFolders(around);
  if (dryRun) {
    const steps = planOf(things, receiptIn(folder) ?? emptyReceipt);
    for (const path of folders) tell(`would make ${path}`);
    for (const line of linesOf(steps, true)) tell(line);
    return steps.some(({ there }) => there !== "same");
  }
  const undo = new Undo();
  try {
    // The receipt tells of all but those that it lies in.
    const { outer = [], inner = [] } = Object.groupBy(
      folders,
      (path) => isAround(path, folder) ? "outer" : "inner",
    );
    for (const path of outer) makeFolder(path, undo);
    using _lock = lock(folder);
    const found = readReceipt(folder);
    const earlier = found ?? emptyReceipt;
    const steps = planOf(things, earlier);
    for (const { thing: { path } } of steps) {
      removeIfThere(beside.old(path)); // somebody was killed
      removeIfThere(beside.fresh(path));
    }
    const toPut = steps.filter(({ there }) => there !== "same");
    const end = receiptOf(steps, folders, earlier, true);
    const isNews = JSON.stringify(end) !== JSON.stringify(earlier);
    if (isNews) {
      undo.do(
        () => writeReceipt(folder, receiptOf(steps, folders, earlier, false)),
        () => found ? writeReceipt(folder, found) : removeReceipt(folder),
      );
    }
    for (const path of inner) makeFolder(path, undo);
    for (const { thing } of toPut) {
      undo.do(() => {}, () => removeIfThere(beside.fresh(thing.path)));
      doing(`put ${thing.path}`, () => makeFresh(thing));
    }
    for (const step of toPut) {
      doing(`put ${step.thing.path}`, () => put(step, undo));
    }
    for (const path of around) syncFolder(path);
    if (isNews) writeReceipt(folder, end);
    for (const { thing } of toPut) removeIfThere(beside.old(thing.path));
    for (const line of linesOf(steps, false)) tell(line);
    return toPut.length > 0;
  } catch (error) {
    undo.all();
    throw asFatal(error, `install into ${folder}`);
  }
}

/** One thing in its place. */
function put({ thing: { path }, there }: Step, undo: Undo): void {
  const before = beside.before(path), old = beside.old(path);
  const side =
    { keep: before, kept: before, ours: old, free: null, same: null }[
      there
    ];
  if (side !== null && there !== "kept") {
    undo.do(() => nameAlso(path, side), () => nameBack(side, path));
  }
  undo.do(
    () => putFresh(path),
    () => side === null ? Deno.removeSync(path) : nameBack(side, path),
  );
}

const receiptIn = (folder: string) =>
  isThere(folder) ? readReceipt(folder) : null;

/** Folders that are not there, of some, with those around them; outer ones first. */
function missingFolders(paths: Iterable<string>): string[] {
  const missing = new Set<string>();
  for (let path of paths) {
    for (; path !== "/" && !isThere(path); path = folderOf(path)) {
      missing.add(path);
    }
  }
  return [...missing].sort((a, b) => a.length - b.length);
}

function makeFolder(path: string, undo: Undo): void {
  doing(`make ${path}`, () => {
    undo.do(() => Deno.mkdirSync(path), () => Deno.removeSync(path));
    Deno.chmodSync(path, 0o755); // a umask for files of one's own is not for these
  });
}

/** The folder around a path that is there. */
function nearest(path: string): string {
  while (!isThere(path)) path = folderOf(path);
  return path;
}

/** Throws Fatal if nothing can be put into a folder. */
export function usable(folder: string): void {
  try {
    checkFolder(folder, "write", "search");
  } catch (error) {
    const isWrong = codeOf(error) === "ENOTDIR" ||
      error instanceof Deno.errors.NotFound;
    throw new Fatal(
      isWrong ? 100 : 111,
      `unable to use ${folder}: ${reason(error)}; nothing was changed` +
        (isWrong || Deno.uid() === 0
          ? ""
          : ". Be root, or name a folder of yours (--to DIR)"),
      { cause: error },
    );
  }
}

/** One installation at a time in a folder; the kernel ends a lock with its process. */
export function lock(folder: string): Deno.FsFile {
  const file = Deno.openSync(folder);
  file.lockSync(true);
  return file;
}

/** Throws Fatal in the place of what the system says. */
export function doing(what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw asFatal(error, what);
  }
}

/** What went wrong, where all has been undone. */
export function asFatal(error: unknown, what: string): Fatal {
  if (error instanceof Fatal) return error;
  return new Fatal(
    111,
    `unable to ${what}: ${reason(error)}; nothing was changed`,
    { cause: error },
  );
}

function linesOf(steps: readonly Step[], isDry: boolean): string[] {
  const [keep, link, put] = isDry
    ? ["would keep", "would link", "would put"]
    : ["kept", "linked", "put"];
  return steps.flatMap(({ thing, there }) => {
    const { path } = thing;
    if (there === "same") return [`${path} is there already`];
    const isProgram = thing.kind === "file" && "copyOf" in thing.content;
    const replaced = there !== "ours" ? "" : ", in the place of the old one" +
      (isProgram ? ", which a gate that runs keeps until its restart" : "");
    return [
      ...(there === "keep"
        ? [`${keep} ${path} as ${beside.before(path)}`]
        : []),
      thing.kind === "link"
        ? `${link} ${path} -> ${thing.to}`
        : `${put} ${path}${replaced}`,
    ];
  });
}
