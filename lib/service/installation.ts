/**
 * Putting the parts of a service in their places, and taking them away: all of
 * them, or none.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { whyFailed } from "./commands.ts";
import { removeTemporaries } from "./lying.ts";
import { type How, perform, removeFolders } from "./performing.ts";
import { type Change, Planner } from "./plan.ts";
import {
  type Item,
  readRecord,
  readRecords,
  type Record,
  recordPath,
  recordText,
} from "./record.ts";
import { locked, makeRoot } from "./root_lock.ts";
import type { Part } from "./service.ts";

/** What is installed: a record without what comes of it. */
export interface Installing extends Omit<Record, "items"> {
  readonly parts: readonly Part[];
}

/**
 * @returns whether an older one of its name runs
 * @throws Fatal; then everything is as it was
 */
export function install(installing: Installing, how: How): boolean {
  const { root, dryRun } = how;
  const { parts, ...about } = installing;
  if (!dryRun) makeRoot(root);
  return locked(root, dryRun, () => {
    const old = readRecord(root, about.name);
    if (old !== null && old.supervisor !== about.supervisor) {
      throw new Fatal(
        100,
        `${about.name} is installed for ${old.supervisor}: ` +
          `--uninstall --name ${about.name} first, or take another --name`,
      );
    }
    const before = old?.items ?? [];
    const planner = plannerFor(root, about.name);
    const path = recordPath(about.name);
    looking(() => {
      planner.makeFolder(path, before);
    });
    const first = planner.changes.length;
    looking(() => planner.replace(before, parts));
    refuse(planner.refusals);
    const ofRecord = recording(root, { ...about, items: planner.items });
    // It comes first: what is broken off can be taken away by it.
    const changes = planner.changes.toSpliced(first, 0, ofRecord);
    const ran = runs(old, root);
    perform(changes, about, how, () => {
      if (ran && about.asking && whyFailed(about.asking) !== null) {
        return `${about.name} is running, and would not be known any more: ` +
          stopFirst(about);
      }
      return null;
    });
    removeTrash([path, ...pathsOf(planner.items)], how);
    removeFolders(planner.folders, how);
    return ran;
  });
}

const stopFirst = ({ stopping }: Pick<Record, "stopping">): string =>
  `stop it first${stopping ? `: ${stopping}` : ""}`;

/**
 * @param supervisor for whom; null for whomever it was
 * @returns for whom it was
 * @throws Fatal; then everything is as it was
 */
export function uninstall(
  name: string,
  supervisor: string | null,
  how: How,
): void {
  const { root, dryRun } = how;
  locked(root, dryRun, () => {
    const record = readRecord(root, name);
    if (record === null) {
      const others = readRecords(root).map((each) => each.name);
      const known = others.length === 0
        ? "nothing is"
        : `${others.join(", ")} ${others.length > 1 ? "are" : "is"}`;
      throw new Fatal(
        100,
        `no ${name} is installed (${root}${recordPath(name)} would say so); ` +
          known,
      );
    }
    if (supervisor !== null && supervisor !== record.supervisor) {
      throw new Fatal(
        100,
        `${name} is installed for ${record.supervisor}, not for ${supervisor}`,
      );
    }
    if (runs(record, root)) {
      throw new Fatal(100, `${name} is running: ${stopFirst(record)}`);
    }
    const planner = plannerFor(root, name);
    looking(() => planner.takeAway(record.items));
    refuse(planner.refusals);
    const path = recordPath(name);
    // The record stays until all else is gone: what is broken off goes on.
    const items = record.items.filter(({ kind }) => kind === "folder");
    const rest = recording(root, { ...record, items });
    const changes = [...planner.changes, { ...rest, untold: true as const }];
    perform(changes, record, how, () => null);
    removeTrash([path, ...pathsOf(record.items)], how);
    const isOfRecord = (folder: string) => path.startsWith(`${folder}/`);
    removeFolders(planner.folders.filter((each) => !isOfRecord(each)), how);
    const gone = { path: root + path, lying: null };
    perform([gone], { settle: [] }, how, () => null);
    removeFolders(planner.folders.filter(isOfRecord), how);
  });
}

/** The change by which a record is written. */
const recording = (root: string, record: Record): Change => ({
  path: root + recordPath(record.name),
  lying: {
    kind: "file",
    bytes: new TextEncoder().encode(recordText(record)),
    mode: 0o600,
    uid: Deno.uid() ?? 0,
    gid: Deno.gid() ?? 0,
  },
});

const pathsOf = (items: readonly Item[]) => items.map(({ path }) => path);

/** What one left that was killed. */
function removeTrash(paths: readonly string[], { root, dryRun }: How): void {
  if (!dryRun) paths.forEach((path) => removeTemporaries(root + path));
}

const plannerFor = (root: string, name: string): Planner =>
  new Planner(
    root,
    readRecords(root).filter((each) => each.name !== name)
      .flatMap(({ items }) => items),
  );

/** Whether a service runs; what is under another root does not run here. */
const runs = (record: Record | null, root: string): boolean =>
  root === "" && !!record?.asking && whyFailed(record.asking) === null;

function refuse(refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  const lines = [...refusals, "nothing was changed"];
  throw new Fatal(100, lines.join("\n"));
}

function looking<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new Fatal(
      111,
      `unable to look at what is there: ${(error as Error).message}; ` +
        "nothing was changed",
      { cause: error },
    );
  }
}
