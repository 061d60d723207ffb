/**
 * Putting the parts of a service in their places, and taking them away: all of
 * them, or none.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import { whyFailed } from "./commands.ts";
import { type Change, Planner } from "./plan.ts";
import {
  readRecord,
  readRecords,
  type Record,
  recordPath,
  recordText,
} from "./record.ts";
import type { Part } from "./service.ts";
import { ChangeError, Transaction } from "./transaction.ts";

/** What is installed: a record without what comes of it. */
export interface Installing extends Omit<Record, "items"> {
  readonly parts: readonly Part[];
}

export interface How {
  /** What stands before each path; "" for this machine. */
  readonly root: string;
  /** Nothing is changed; what would be is told. */
  readonly dryRun: boolean;
  tell(line: string): void;
}

/** @throws Fatal; then everything is as it was */
export function install(installing: Installing, how: How): void {
  const { root, dryRun } = how;
  const { parts, ...about } = installing;
  if (!dryRun) makeRoot(root);
  locked(root, dryRun, () => {
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
    const record = recordText({ ...about, items: planner.items });
    const ofRecord = {
      path: root + path,
      lying: {
        kind: "file" as const,
        bytes: new TextEncoder().encode(record),
        mode: 0o600,
        uid: Deno.uid() ?? 0,
        gid: Deno.gid() ?? 0,
      },
    };
    // It comes first: what is broken off can be taken away by it.
    const changes = planner.changes.toSpliced(first, 0, ofRecord);
    const ran = runs(old, root);
    perform(changes, about, how, () => {
      if (ran && about.asking && whyFailed(about.asking) !== null) {
        return `${about.name} is running, and would not be known any more: ` +
          "stop it first";
      }
      return null;
    });
    removeFolders(planner.folders, how);
  });
}

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
      throw new Fatal(100, `${name} is running: stop it first`);
    }
    const planner = plannerFor(root, name);
    looking(() => planner.takeAway(record.items));
    refuse(planner.refusals);
    const ofRecord = { path: root + recordPath(name), lying: null };
    perform([...planner.changes, ofRecord], record, how, () => null);
    removeFolders(planner.folders, how);
  });
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

/**
 * @param amiss tells what is wrong when all is done; null for nothing
 * @throws Fatal
 */
function perform(
  changes: readonly Change[],
  { settle }: Pick<Record, "settle">,
  { root, dryRun, tell }: How,
  amiss: () => string | null,
): void {
  const commands = root === "" ? settle : [];
  if (dryRun) {
    for (const change of changes) tell(`would ${told(change)}`);
    for (const command of commands) tell(`would run ${command.join(" ")}`);
    return;
  }
  const transaction = new Transaction();
  try {
    for (const { path, lying } of changes) transaction.put(path, lying);
    for (const command of commands) {
      const why = whyFailed(command);
      if (why !== null) throw new ChangeError(why);
    }
    const wrong = root === "" ? amiss() : null;
    if (wrong !== null) throw new ChangeError(wrong);
  } catch (error) {
    if (!(error instanceof ChangeError)) throw error;
    const left = transaction.undo();
    // They are to know what lies there again; that they fail was said.
    for (const command of commands) whyFailed(command);
    const after = left.length === 0 ? "everything is as it was" : "";
    const lines = [error.message + (after && `; ${after}`), ...left];
    throw new Fatal(111, lines.join("\n"), { cause: error });
  }
  for (const change of changes) tell(told(change));
  for (const command of commands) tell(`run ${command.join(" ")}`);
}

function told({ path, lying }: Change): string {
  if (lying === null) return `remove ${path}`;
  if (lying.kind === "link") return `link ${path} -> ${lying.to}`;
  if (lying.kind === "folder") return `make ${path}/`;
  return `write ${path}`;
}

/** What those who look after services put beside a script. */
const theirs = ["supervise", "event"];

/** Folders that were made, as far as nobody else has put something there. */
function removeFolders(
  folders: readonly string[],
  { root, dryRun, tell }: How,
): void {
  for (const path of folders.map((each) => root + each)) {
    if (dryRun) {
      tell(`would remove ${path}/, if nothing else is in it`);
      continue;
    }
    try {
      for (const { name } of Deno.readDirSync(path)) {
        if (!theirs.includes(name)) continue;
        Deno.removeSync(`${path}/${name}`, { recursive: true });
      }
      Deno.removeSync(path);
      tell(`remove ${path}/`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      tell(`leave ${path}/: ${reason(error)}`);
    }
  }
}

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

function makeRoot(root: string): void {
  if (root === "") return;
  try {
    Deno.mkdirSync(root, { recursive: true });
  } catch (error) {
    throw new Fatal(111, `unable to make ${root}: ${reason(error)}`, {
      cause: error,
    });
  }
}

/** Nobody else installs meanwhile, and no signal breaks it off. */
function locked(root: string, dryRun: boolean, act: () => void): void {
  if (dryRun) return act();
  let folder: Deno.FsFile;
  try {
    folder = Deno.openSync(root || "/");
  } catch (error) {
    throw new Fatal(111, `unable to open ${root || "/"}: ${reason(error)}`, {
      cause: error,
    });
  }
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const ignore = () => {};
  for (const signal of signals) Deno.addSignalListener(signal, ignore);
  try {
    folder.lockSync(true);
    act();
  } finally {
    folder.close();
    for (const signal of signals) Deno.removeSignalListener(signal, ignore);
  }
}
